//! `ngxc fmt`: canonical layout, in place or as a check.

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::emit::{self, EmitError, Style};
use crate::project::{Dump, File, Files};
use crate::source::{Source, SourceId, Templating};
use crate::{project, render};

use super::args::FmtArgs;
use super::config::Config;
use super::write::{self, Replacement};
use super::{Failure, Outcome, paths, terminal};

/// A file that formatting changes.
struct Unformatted {
    path: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
}

pub(super) fn run(args: &FmtArgs) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Clean;
    let mut unformatted = Vec::new();
    let files = paths::files(&args.paths)?;
    let has_stdin = files.iter().any(|path| path == Path::new(paths::STDIN));
    if args.range.is_some() && files.len() != 1 {
        return Err("--range goes with one file".into());
    }
    if args.stdin_filename.is_some() && !has_stdin {
        return Err("--stdin-filename goes with `-`".into());
    }
    let style = style(args)?;
    for path in files {
        match format(&path, args, &style) {
            Ok(None) => {}
            Ok(Some(file)) => unformatted.push(file),
            Err(failure) => {
                terminal::complain(&failure);
                outcome = Outcome::Failure;
            }
        }
    }
    let colour = terminal::is_coloured(args.colour.colour);
    if args.check || args.diff {
        for file in &unformatted {
            let name = shown(&file.path, args).to_string_lossy();
            let text = if args.diff {
                terminal::unified(&name, &file.before, &file.after, colour)
            } else {
                format!("{}\n", render::visible(&name)).into_bytes()
            };
            terminal::print(&text)?;
            outcome = outcome.max(Outcome::Findings);
        }
        if !unformatted.is_empty() {
            let files = if unformatted.len() == 1 { "file is" } else { "files are" };
            terminal::remark(&format!("{} {files} not formatted.", unformatted.len()));
        }
        return Ok(outcome);
    }
    let mut count = 0;
    for file in unformatted.iter().filter(|file| file.path != Path::new(paths::STDIN)) {
        let new = Replacement { path: &file.path, before: &file.before, after: &file.after };
        match write::all(&[new]) {
            Ok(()) => count += 1,
            Err(failure) => {
                terminal::complain(&failure);
                outcome = Outcome::Failure;
            }
        }
    }
    if count > 0 {
        let files = if count == 1 { "file" } else { "files" };
        terminal::remark(&format!("{count} {files} formatted."));
    }
    Ok(outcome)
}

/// The change that formatting makes to a file. Standard input that is not only checked
/// is printed here.
fn format(path: &Path, args: &FmtArgs, style: &Style) -> Result<Option<Unformatted>, Failure> {
    let is_stdin = path == Path::new(paths::STDIN);
    if is_of_another_language(shown(path, args)) {
        let name = shown(path, args).display();
        let reason = "its name says that it is not nginx configuration";
        return Err(format!("{name}: left alone: {reason}").into());
    }
    let before = if is_stdin {
        paths::read_stdin()?
    } else {
        Files::disk().read(path).map_err(|error| format!("{}: {error}", path.display()))?
    };
    let after = if let Some(dump) = Dump::read(&before).filter(|dump| !dump.is_one_file()) {
        formatted_dump(path, dump, args, style)?
    } else {
        let mut source = Source::new(SourceId(0), shown(path, args), before.clone());
        source.templating = args.template.templating();
        formatted(source, args, style)?
    };
    if is_stdin && !args.check && !args.diff {
        terminal::print(&after)?;
    }
    Ok((before != after).then(|| Unformatted { path: path.to_owned(), before, after }))
}

/// True for a name whose white space means something to others, whatever stands in it.
fn is_of_another_language(path: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["yaml", "yml", "json", "toml", "py", "md", "sh"];
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// The bytes of a formatted file.
fn formatted(source: Source, args: &FmtArgs, style: &Style) -> Result<Vec<u8>, Failure> {
    let (file, report) = crate::read(source);
    match text(&file, args, style) {
        Ok(text) => {
            let bytes = file.source.encode(&text).expect("formatting adds nothing but ASCII");
            Ok(bytes.into_owned())
        }
        Err(error) => Err(refusal(file, &report, &error)),
    }
}

/// The bytes of a dump of `nginx -T`, each file of it formatted, so that it is a dump again.
fn formatted_dump(
    path: &Path,
    mut dump: Dump,
    args: &FmtArgs,
    style: &Style,
) -> Result<Vec<u8>, Failure> {
    let name = shown(path, args).display();
    if args.range.is_some() {
        let reason = "--range goes with one file, and this is what `nginx -T` prints of several";
        return Err(format!("{name}: left alone: {reason}").into());
    }
    for (path, text) in &mut dump.files {
        let mut source = Source::new(SourceId(0), path.as_path(), std::mem::take(text));
        source.templating = Templating::None;
        *text = formatted(source, args, style)?;
    }
    let bytes = dump.bytes();
    // A comment that has moved to the beginning of a line may look like the name of a file.
    if Dump::read(&bytes).as_ref() != Some(&dump) {
        return Err(format!("{name}: left alone: formatted, it would be other files").into());
    }
    Ok(bytes)
}

/// What a file is called in messages.
fn shown<'a>(path: &'a Path, args: &'a FmtArgs) -> &'a Path {
    let is_stdin = path == Path::new(paths::STDIN);
    args.stdin_filename.as_deref().filter(|_| is_stdin).unwrap_or(path)
}

/// The formatted text, of all lines or of some.
fn text(file: &File, args: &FmtArgs, style: &Style) -> Result<String, EmitError> {
    match args.range {
        Some((first, last)) => emit::format_lines(file, style, first..=last),
        None => emit::format(file, style),
    }
}

/// The layout that the options and the project's file ask for; options come first.
fn style(args: &FmtArgs) -> Result<Style, Failure> {
    let config = Config::find()?.indent()?;
    let indent = args.indent.clone().or(config).unwrap_or(Style::default().indent);
    Ok(Style { indent, normalizes_quotes: args.normalize_quotes })
}

/// Why a file is left alone, with its syntax errors.
pub(super) fn refusal(file: File, report: &[Diagnostic], error: &EmitError) -> Failure {
    let name = file.source.name().into_owned();
    let project = project::Project::of_one(file);
    let findings: Vec<_> = report.iter().collect();
    let lines = render::short(&project, &findings);
    format!("{name}: left alone: {error}\n{lines}").trim_end().to_owned().into()
}
