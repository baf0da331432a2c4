//! `ngxc emit`: a file as canonical configuration or as JSON, on standard output.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Kind};
use crate::emit::{self, EmitError};
use crate::project::{Files, Project};
use crate::render;
use crate::source::Templating;

use super::args::{EmitArgs, Input, Target};
use super::{Failure, Outcome, crossplane, paths, runtime, terminal};

pub(super) fn run(args: &EmitArgs) -> Result<Outcome, Failure> {
    check_options(args)?;
    // Others are about what nginx gets.
    let keeps_placeholders = matches!(args.to, Target::Nginx | Target::Json);
    let templating = if keeps_placeholders { args.template.templating() } else { Templating::None };
    let mut files = Files::disk().with(templating);
    let path = if args.file == Path::new("-") {
        files.set(paths::STDIN.as_ref(), paths::read_stdin()?);
        Path::new(paths::STDIN)
    } else {
        &args.file
    };
    let is_one_file = matches!(args.to, Target::Nginx | Target::Json) && !args.flat;
    let name = args.crossplane.name.as_deref().filter(|_| is_one_file);
    // To the byte, a dump of one file is a file that begins with a comment.
    let is_whole = is_one_file && name.is_none() && paths::is_single(&mut files, path);
    let part = if is_one_file && !is_whole { paths::part(&mut files, path, name)? } else { None };
    let is_part = part.is_some();
    let main = if is_whole { path.to_owned() } else { paths::undumped(&mut files, path) };
    let (path, others) = part.unwrap_or((main, Vec::new()));
    let path = path.as_path();
    if args.to == Target::Crossplane {
        return crossplane::emit(args, &mut files, path);
    }
    let bytes = files.read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let input = input(args, path, &bytes)?;
    if input != Input::Nginx {
        return from_json(args, input, path, &bytes);
    }
    if !is_part {
        check_file(args)?;
    }
    // What was read may not be there to be read again, as from a pipe.
    files.set(path, bytes);
    let outcome = from_nginx(args, &files, path)?;
    remark_others(&others, name.is_some());
    Ok(outcome)
}

/// Prints a configuration as something else than a payload of crossplane.
fn from_nginx(args: &EmitArgs, files: &Files, path: &Path) -> Result<Outcome, Failure> {
    paths::check_prefix(args.prefix.as_deref())?;
    let project = Project::load_root(files, path, args.prefix.as_deref());
    let Some(root) = project.roots().first() else {
        return Err(format!("{}: cannot be read", path.display()).into());
    };
    let file = project.file(root.source);
    let all_count = args.flat || args.to == Target::Runtime;
    let of_target = |finding: &&Diagnostic| all_count || finding.label.place.source == root.source;
    let mut report: Vec<Diagnostic> = project.report().filter(of_target).cloned().collect();
    for file in project.files().iter().filter(|file| all_count || file.source.id == root.source) {
        crate::validate::file(file, &mut report);
    }
    report.retain(|finding| finding.kind == Kind::Syntax);
    if !report.is_empty() {
        let lines = render::short(&project, &report.iter().collect::<Vec<_>>());
        let refusal = format!("{}: not emitted: {}\n{lines}", path.display(), EmitError::Syntax);
        return Err(refusal.trim_end().to_owned().into());
    }
    let in_its_encoding = |text: String| {
        let bytes = file.source.encode(&text).expect("nothing of another encoding is printed");
        bytes.into_owned()
    };
    let bytes = match args.to {
        Target::Nginx if args.flat => emit::flat(&project, root).map(in_its_encoding),
        Target::Nginx => emit::format(file, &emit::Style::default()).map(in_its_encoding),
        Target::Json if args.flat => {
            return Err("--flat goes with --to nginx: JSON is of one file".into());
        }
        Target::Json => emit::write(file, Some((&project, root))).map(String::into_bytes),
        Target::Runtime => return runtime::emit(args, &project, root),
        Target::Crossplane => unreachable!("it was emitted before"),
    };
    terminal::print(&bytes.map_err(|error| refusal(&error, &project, path))?)?;
    Ok(Outcome::Clean)
}

/// Says which files of a dump are not printed, unless one was asked for.
fn remark_others(others: &[String], is_chosen: bool) {
    if !others.is_empty() && !is_chosen {
        let names = render::visible(&others.join(", ")).into_owned();
        terminal::remark(&format!(
            "ngxc: the first file only; --file NAME prints another, --flat all in one: {names}"
        ));
    }
}

/// Options of one target are mistakes with another.
fn check_options(args: &EmitArgs) -> Result<(), Failure> {
    let is_strict = args.to == Target::Crossplane && args.strict;
    if args.template.template.is_some() && !matches!(args.to, Target::Nginx | Target::Json) {
        return Err("--template goes with --to nginx and --to json".into());
    }
    if args.strict && !is_strict && args.to != Target::Runtime {
        return Err("--strict goes with --to runtime or --to crossplane".into());
    }
    if args.nginx_version.is_some() && !is_strict && args.to != Target::Runtime {
        return Err("--nginx-version goes with --to runtime or --to crossplane --strict".into());
    }
    let options = &args.crossplane;
    let is_asked = options.combine || options.single_file || options.include_comments;
    if args.to != Target::Crossplane && is_asked {
        return Err(
            "--combine, --single-file and --include-comments go with --to crossplane".into()
        );
    }
    Ok(())
}

/// Other inputs have one file.
fn check_file(args: &EmitArgs) -> Result<(), Failure> {
    match &args.crossplane.name {
        Some(_) => Err(
            "--file goes with a payload of crossplane or a dump of nginx -T, and one file of it"
                .into(),
        ),
        None => Ok(()),
    }
}

/// Why nothing is printed, with what is wrong with the files.
fn refusal(error: &EmitError, project: &Project, path: &Path) -> Failure {
    let findings: Vec<_> = project.report().collect();
    let lines = render::short(project, &findings);
    let place = match error {
        EmitError::MissingInclude { place } | EmitError::Encoding { place } => {
            let source = project.source(place.source);
            format!("{}:{}", source.name(), source.line(place.span.start))
        }
        _ => path.display().to_string(),
    };
    format!("{place}: not emitted: {error}\n{lines}").trim_end().to_owned().into()
}

/// What the input is: what `--from` says or, without it, what it looks like.
pub(super) fn input(args: &EmitArgs, path: &Path, bytes: &[u8]) -> Result<Input, Failure> {
    let is_json = is_object(bytes) || path.extension().is_some_and(|ending| ending == "json");
    match args.from {
        // Each of its words would be an error.
        Some(Input::Nginx) if is_object(bytes) => {
            Err(format!("{}: not a configuration: it is JSON", path.display()).into())
        }
        Some(input) => Ok(input),
        None if !is_json => Ok(Input::Nginx),
        None if emit::is_payload(bytes) => Ok(Input::Crossplane),
        None => Ok(Input::Json),
    }
}

/// True for a `{` and a quote, which no configuration begins with.
fn is_object(bytes: &[u8]) -> bool {
    let inner = bytes.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inner.is_some_and(|inner| inner.starts_with(b"\""))
}

fn from_json(args: &EmitArgs, input: Input, path: &Path, bytes: &[u8]) -> Result<Outcome, Failure> {
    if args.flat || args.to != Target::Nginx {
        return Err("of JSON, only `--to nginx` is emitted: the bytes that it was made from".into());
    }
    if input == Input::Crossplane {
        let conf = emit::rebuild(bytes, args.crossplane.name.as_deref());
        let conf = conf.map_err(|error| format!("{}: {error}", path.display()))?;
        terminal::print(conf.as_bytes())?;
        return Ok(Outcome::Clean);
    }
    check_file(args)?;
    let conf = emit::read(bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    terminal::print(&conf)?;
    Ok(Outcome::Clean)
}
