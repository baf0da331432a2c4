//! `ngxc emit --to crossplane`: files as the payload of crossplane.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::emit::{CrossplaneOptions, Payload};
use crate::model::Model;
use crate::project::{Files, Project};
use crate::source::Encoding;

use super::args::{EmitArgs, Input};
use super::config::Config;
use super::{Failure, Outcome, paths, terminal};

/// Prints the payload. What cannot be read is an error in it, and a failure; with `--strict`,
/// what nginx rejects too.
pub(super) fn emit(args: &EmitArgs, files: &mut Files, path: &Path) -> Result<Outcome, Failure> {
    if args.flat {
        return Err("--flat goes with --to nginx; --combine puts included files in place".into());
    }
    if args.crossplane.name.is_some() {
        return Err("--file goes with --to nginx and a payload of crossplane".into());
    }
    paths::check_prefix(args.prefix.as_deref())?;
    if let Ok(bytes) = files.read(path) {
        if super::emit::input(args, path, &bytes)? != Input::Nginx {
            return Err("of JSON, only `--to nginx` is emitted".into());
        }
        // What was read may not be there to be read again, as from a pipe.
        files.set(path, bytes);
    }
    // As crossplane does, even where a main configuration lies further up.
    let prefix = args.prefix.as_deref().or(path.parent());
    let project = Project::load_root(files, path, prefix);
    let mut report: Vec<Diagnostic> = project.report().cloned().collect();
    for file in project.files() {
        crate::validate::file(file, &mut report);
    }
    if args.strict {
        reject(args, &project, &mut report)?;
    }
    let options = CrossplaneOptions {
        combine: args.crossplane.combine,
        single_file: args.crossplane.single_file,
        comments: args.crossplane.include_comments,
    };
    let payload = Payload::new(&project, &report, options)
        .ok_or_else(|| format!("{}: its includes expand to too much text", path.display()))?;
    for file in project.files().iter().filter(|file| file.source.encoding == Encoding::Latin1) {
        let name = file.source.name();
        terminal::remark(&format!("ngxc: {name}: not UTF-8, and read as Latin-1"));
    }
    terminal::print(payload.json().as_bytes())?;
    if payload.is_ok() {
        return Ok(Outcome::Clean);
    }
    for error in payload.errors() {
        terminal::complain(&error);
    }
    Ok(Outcome::Failure)
}

/// Adds what nginx would reject, but in files of this machine that a configuration for another
/// one happens to include.
fn reject(args: &EmitArgs, project: &Project, report: &mut Vec<Diagnostic>) -> Result<(), Failure> {
    let Some(root) = project.roots().first() else { return Ok(()) };
    let target = Config::find()?.target(args.nginx_version)?;
    let before = report.len();
    crate::validate::model(&Model::new(project, root, &target), report);
    let found = report.split_off(before);
    report.extend(found.into_iter().filter(|it| project.is_shown(it.label.place.source)));
    Ok(())
}
