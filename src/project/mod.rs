//! One tree for each file, and which file includes which.
//!
//! A project has one or more roots: main configurations, or snippets that no other
//! file includes. Nothing here knows contexts or values; includes are not expanded,
//! because one file may stand in several contexts.

mod dump;
mod files;
mod glob;
mod include;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

pub use dump::{Dump, dumped};
pub use files::Files;
use include::{invalid_include, is_shipped, named_context, not_opened, target, unknown_context};

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::source::{MAX_LEN, Place, Source, SourceId, Span, offset};
use crate::syntax::{self, Directive, Tree};

/// Includes that lead from one file to the next deeper than this are not followed.
const MAX_INCLUDE_DEPTH: usize = 40;

/// A file and its tree.
#[derive(Debug)]
pub struct File {
    /// Path and text.
    pub source: Source,
    /// Index into the text; without what could not be read if there are syntax errors.
    pub tree: Tree,
    /// True if the text is not nginx's language.
    pub has_syntax_errors: bool,
}

impl File {
    /// The directives that stand outside all blocks.
    pub fn directives(&self) -> impl Iterator<Item = Directive<'_>> + Clone {
        self.tree.directives(&self.source)
    }
}

/// What an `include` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Included {
    /// These files; none for a mask that matches nothing.
    Files(Vec<SourceId>),
    /// A file of nginx's packages that is not here and sets nothing that is inherited.
    Shipped,
    /// Something that is not here or cannot be read.
    Unknown,
}

/// A main configuration, or a snippet that nothing includes.
#[derive(Debug, Default)]
pub struct Root {
    /// Its file.
    pub source: SourceId,
    /// True for a main configuration, which has `events` or `http`; false for a snippet.
    pub is_main: bool,
    /// Where its directives stand, if a comment `# ngxc: context=…` says so.
    pub context: Option<Context>,
    /// Where relative paths start.
    pub prefix: PathBuf,
    /// By place of the `include` directive's name.
    includes: HashMap<(SourceId, u32), Included>,
    /// Includes that lead nowhere, in a circle or too deep.
    report: Vec<Diagnostic>,
}

/// Files, and how they include each other.
#[derive(Debug, Default)]
pub struct Project {
    files: Vec<File>,
    roots: Vec<Root>,
    report: Vec<Diagnostic>,
    /// The files that were asked for and those that they include.
    shown: HashSet<SourceId>,
    unreadable: bool,
}

impl Project {
    /// Reads the files at `paths` and all that they include.
    ///
    /// Relative includes start from `prefix` or, without one, from the directory of the
    /// main configuration (nginx's conf prefix): the root's own or, for a snippet, the
    /// nearest one above it that has an `nginx.conf`. If that includes the snippet, it is
    /// the root, so that the snippet is read where it belongs. Of several paths, those that others include are no
    /// roots. A file that cannot be read is a diagnostic, and [`Self::is_complete`] is false.
    pub fn load(files: &Files, paths: &[PathBuf], prefix: Option<&Path>) -> Self {
        let mut loader = Loader {
            files,
            known: HashMap::new(),
            mains: HashMap::new(),
            project: Self::default(),
        };
        for path in paths {
            loader.root(path, prefix);
        }
        let mut project = loader.project;
        project.drop_included_roots();
        project
    }

    /// Reads one file as a root, whatever includes it, and all that it includes.
    pub fn load_root(files: &Files, path: &Path, prefix: Option<&Path>) -> Self {
        let project = Self::default();
        let mut loader = Loader { files, known: HashMap::new(), mains: HashMap::new(), project };
        match loader.file(path) {
            Ok(id) => {
                let above = if loader.is_main(id) { None } else { loader.main_directory(path) };
                let walk = loader.walk_root(id, prefix.or(above.as_deref()).or(path.parent()));
                loader.project.shown.extend(walk.own());
                loader.project.roots.push(walk.root);
            }
            Err(error) => loader.unreadable(path, &error),
        }
        loader.project
    }

    /// A project of a file alone, whose includes are not followed.
    pub fn of_one(file: File) -> Self {
        let shown = HashSet::from([file.source.id]);
        Self { files: vec![file], shown, ..Self::default() }
    }

    /// All files, in the order they were read.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The roots, in the order they were given.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// A file by its name.
    pub fn file(&self, id: SourceId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The source of a file by its name.
    pub fn source(&self, id: SourceId) -> &Source {
        &self.file(id).source
    }

    /// True for a file that was asked for, or that such a file includes. Others were only
    /// read because they include it.
    pub fn is_shown(&self, id: SourceId) -> bool {
        self.shown.contains(&id)
    }

    /// The number of these files.
    pub fn shown_count(&self) -> usize {
        self.shown.len()
    }

    /// The number of those that another program puts text into before nginx reads them.
    pub fn template_count(&self) -> usize {
        let shown = self.files.iter().filter(|file| self.is_shown(file.source.id));
        shown.filter(|file| file.tree.has_placeholders).count()
    }

    /// False if a file that was asked for could not be read.
    pub fn is_complete(&self) -> bool {
        !self.unreadable
    }

    /// What is wrong with the text of the files and with their includes.
    pub fn report(&self) -> impl Iterator<Item = &Diagnostic> {
        self.report.iter().chain(self.roots.iter().flat_map(|root| &root.report))
    }

    /// A root is a file that no other root includes; in a circle, the first one stays.
    fn drop_included_roots(&mut self) {
        let mut included: HashMap<SourceId, HashSet<SourceId>> = HashMap::new();
        for root in &self.roots {
            for target in root.targets().filter(|&target| target != root.source) {
                included.entry(target).or_default().insert(root.source);
            }
        }
        let mut kept: HashSet<SourceId> = self.roots.iter().map(|root| root.source).collect();
        for root in self.roots.iter().rev() {
            if included.get(&root.source).is_some_and(|by| by.iter().any(|by| kept.contains(by))) {
                kept.remove(&root.source);
            }
        }
        let mut seen = HashSet::new();
        self.roots.retain(|root| kept.contains(&root.source) && seen.insert(root.source));
    }
}

impl Root {
    /// What an `include` directive leads to under this root.
    pub fn included(&self, include: Directive<'_>) -> &Included {
        let key = (include.source.id, include.span().start);
        self.includes.get(&key).unwrap_or(&Included::Unknown)
    }

    /// The files that it includes, directly or through others; some more than once.
    pub fn targets(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.includes
            .values()
            .flat_map(|included| match included {
                Included::Files(files) => files.as_slice(),
                Included::Shipped | Included::Unknown => &[],
            })
            .copied()
    }
}

struct Loader<'a> {
    files: &'a Files,
    known: HashMap<PathBuf, SourceId>,
    /// The main configurations that snippets were looked for in, by directory, with the
    /// files that they include.
    mains: HashMap<PathBuf, Option<(Root, HashSet<SourceId>)>>,
    project: Project,
}

/// The walk over what one root includes.
struct Walk {
    root: Root,
    /// The files from the root to the one being walked.
    chain: Vec<SourceId>,
    done: HashSet<SourceId>,
    /// Files of this machine that a configuration made for another one happens to include.
    foreign: HashSet<SourceId>,
    /// What is being walked is one, or included by one.
    is_foreign: bool,
}

impl Walk {
    /// The files that are looked at for their own sake.
    fn own(&self) -> impl Iterator<Item = &SourceId> {
        self.done.difference(&self.foreign)
    }
}

impl Loader<'_> {
    fn root(&mut self, path: &Path, prefix: Option<&Path>) {
        let id = match self.file(path) {
            Ok(id) => id,
            Err(error) => {
                self.unreadable(path, &error);
                return;
            }
        };
        let is_main = self.is_main(id);
        let above = if is_main || prefix.is_some() { None } else { self.main_directory(path) };
        let directory = prefix.map(Path::to_owned).or(above).filter(|_| !is_main);
        let walk = self.walk_root(id, prefix.or(directory.as_deref()).or(path.parent()));
        self.project.shown.extend(walk.own());
        let main = directory.and_then(|directory| self.main_in(&directory));
        match main.filter(|(_, files)| files.contains(&id)) {
            // What includes a snippet says what its context is; it becomes a root once.
            Some(main) => {
                let root = Root { source: main.0.source, ..Root::default() };
                let root = std::mem::replace(&mut main.0, root);
                if !root.includes.is_empty() {
                    self.project.roots.push(root);
                }
            }
            None => self.project.roots.push(walk.root),
        }
    }

    fn is_main(&self, id: SourceId) -> bool {
        const OUTERMOST: [&str; 4] = ["events", "http", "stream", "mail"];
        let mut directives = self.project.file(id).directives();
        directives.any(|it| OUTERMOST.iter().any(|name| it.is(name)))
    }

    fn walk_root(&mut self, id: SourceId, prefix: Option<&Path>) -> Walk {
        let (context, wrong) = match named_context(self.project.file(id)) {
            Ok(context) => (context, None),
            Err((place, name)) => (None, Some(unknown_context(place, name))),
        };
        let prefix = prefix.unwrap_or(Path::new("")).to_owned();
        let is_main = self.is_main(id);
        let report = wrong.into_iter().collect();
        let root = Root { source: id, is_main, context, prefix, report, ..Root::default() };
        let mut walk = Walk {
            root,
            chain: Vec::new(),
            done: HashSet::new(),
            foreign: HashSet::new(),
            is_foreign: false,
        };
        self.walk(id, &mut walk);
        walk
    }

    /// The `nginx.conf` of a directory, if it is a main configuration.
    fn main_in(&mut self, directory: &Path) -> Option<&mut (Root, HashSet<SourceId>)> {
        if !self.mains.contains_key(directory) {
            let id = self.file(&directory.join("nginx.conf")).ok();
            let walk = id.map(|id| self.walk_root(id, Some(directory)));
            let main = walk.filter(|walk| walk.root.is_main).map(|walk| (walk.root, walk.done));
            self.mains.insert(directory.to_owned(), main);
        }
        self.mains.get_mut(directory)?.as_mut()
    }

    /// The nearest directory above a snippet that has an `nginx.conf`.
    fn main_directory(&self, snippet: &Path) -> Option<PathBuf> {
        let has_main = |directory: &&Path| self.files.exists(&directory.join("nginx.conf"));
        let given = snippet.ancestors().skip(1).find(has_main).map(Path::to_owned);
        given.or_else(|| {
            let full = self.files.absolute(snippet)?;
            full.ancestors().skip(1).find(has_main).map(Path::to_owned)
        })
    }

    fn file(&mut self, path: &Path) -> io::Result<SourceId> {
        let identity = self.files.identity(path);
        if let Some(&id) = self.known.get(&identity) {
            return Ok(id);
        }
        let bytes = self.files.read(path)?;
        if bytes.len() > MAX_LEN {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 2 GB"));
        }
        let mut source = Source::new(self.next_id(), path, bytes);
        source.templating = self.files.templating;
        let (tree, report) = syntax::parse(&source);
        let id = source.id;
        let has_syntax_errors = !report.is_empty();
        self.project.report.extend(report);
        self.project.files.push(File { source, tree, has_syntax_errors });
        self.known.insert(identity, id);
        Ok(id)
    }

    fn next_id(&self) -> SourceId {
        SourceId(offset(self.project.files.len()))
    }

    /// An unreadable file that was asked for is a finding in an empty source of its name.
    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let source = Source::new(self.next_id(), path, Vec::new());
        let message = format!("open() \"{}\" failed: {error}", path.display());
        let place = source.place(Span::at(0));
        self.project.report.push(
            Diagnostic::new(Kind::Validate, "unreadable-file", Severity::Error, place, message)
                .help("nothing in this file was checked"),
        );
        self.project.shown.insert(source.id);
        self.project.files.push(File { source, tree: Tree::default(), has_syntax_errors: true });
        self.project.unreadable = true;
    }

    fn walk(&mut self, id: SourceId, walk: &mut Walk) {
        if !walk.done.insert(id) {
            return;
        }
        if walk.is_foreign {
            walk.foreign.insert(id);
        }
        walk.chain.push(id);
        let file = self.project.file(id);
        let includes: Vec<(Place, u32, Option<PathBuf>)> = file
            .tree
            .all_directives(&file.source)
            .filter(|directive| directive.is("include"))
            .map(|include| (include.place(), include.span().start, target(include)))
            .collect();
        for (place, start, target) in includes {
            let Some(target) = target else { continue };
            let is_foreign = walk.is_foreign;
            walk.is_foreign |= self.leads_away(&target, walk);
            let included = self.include(place, &target, walk);
            walk.is_foreign = is_foreign;
            walk.root.includes.insert((id, start), included);
        }
        walk.chain.pop();
    }

    /// True for a path of the machine in a configuration that lies elsewhere, as in a
    /// checkout: what it finds here is not what it is for.
    fn leads_away(&self, target: &Path, walk: &Walk) -> bool {
        let of_machine = |path: &Path| path.starts_with("/etc") || path.starts_with("/usr");
        let root = &self.project.source(walk.root.source).path;
        let root = self.files.absolute(root).unwrap_or_else(|| root.clone());
        of_machine(target) && !of_machine(&root)
    }

    fn include(&mut self, place: Place, target: &Path, walk: &mut Walk) -> Included {
        let path = walk.root.prefix.join(target);
        if !glob::is_mask(target.as_os_str().as_encoded_bytes()) {
            return match self.follow(place, &path, walk) {
                Some(id) => Included::Files(vec![id]),
                None if is_shipped(&path) && !path.ends_with("proxy_params") => Included::Shipped,
                None => Included::Unknown,
            };
        }
        let paths = self.files.glob(&path);
        if paths.is_empty() && !self.files.has_directory_of(&path) {
            return Included::Unknown;
        }
        let ids = paths.iter().filter_map(|path| self.follow(place, path, walk));
        Included::Files(ids.collect())
    }

    fn follow(&mut self, place: Place, path: &Path, walk: &mut Walk) -> Option<SourceId> {
        let id = match self.file(path) {
            Ok(id) => id,
            Err(error) => {
                walk.root.report.push(not_opened(place, path, &error, walk.root.is_main));
                return None;
            }
        };
        if walk.chain.contains(&id) {
            let message = format!("\"{}\" includes itself", path.display());
            let first = self.project.source(id).place(Span::at(0));
            walk.root.report.push(
                invalid_include(place, message)
                    .here("this include closes the circle")
                    .also(first, "the file that is included again")
                    .help("remove one include of the circle: nginx follows it until it runs out of files to open"),
            );
            return None;
        }
        if walk.chain.len() == MAX_INCLUDE_DEPTH {
            let message = format!("includes are nested deeper than {MAX_INCLUDE_DEPTH} files");
            walk.root.report.push(
                invalid_include(place, message)
                    .help("what this file holds is not checked; include it from further up"),
            );
            return None;
        }
        self.walk(id, walk);
        Some(id)
    }
}
