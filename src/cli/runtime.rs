//! `ngxc emit --to runtime` and `ngxc schema runtime`: what nginx would do, as JSON.

use crate::diagnostic::{Diagnostic, Severity};
use crate::emit;
use crate::model::Model;
use crate::project::{Project, Root};
use crate::render;
use crate::validate;

use super::args::{EmitArgs, SchemaArgs, SchemaOf};
use super::config::Config;
use super::{Failure, Outcome, terminal};

/// Prints the runtime configuration of a root, and on standard error what it cannot say.
pub(super) fn emit(args: &EmitArgs, project: &Project, root: &Root) -> Result<Outcome, Failure> {
    if args.flat {
        return Err("--flat goes with --to nginx: includes are always resolved here".into());
    }
    let target = Config::find()?.target(args.nginx_version)?;
    let model = Model::new(project, root, &target);
    refuse_what_nginx_rejects(&model)?;
    let config = crate::model::compile(&model);
    let mut lines = String::new();
    for it in &config.unsupported {
        let file = config.file(it.at);
        lines.push_str(&format!("{file}:{}: {}: {}\n", it.at.line, it.what, it.reason));
    }
    if args.strict && !config.unsupported.is_empty() {
        let name = project.source(root.source).name();
        let refusal = format!("{name}: not emitted: it says what the output cannot\n{lines}");
        return Err(refusal.trim_end().to_owned().into());
    }
    for line in lines.lines() {
        terminal::remark(&render::visible(line));
    }
    terminal::print(emit::runtime(&config).as_bytes())?;
    Ok(Outcome::Clean)
}

/// nginx would not start with it, so that there is nothing that it would do. An include that
/// is not here is no reason: it may be where the configuration is for, and is listed.
fn refuse_what_nginx_rejects(model: &Model<'_>) -> Result<(), Failure> {
    let mut report: Vec<Diagnostic> = model.project.report().cloned().collect();
    validate::model(model, &mut report);
    report.retain(|it| it.severity == Severity::Error && it.rule != "missing-include");
    if report.is_empty() {
        return Ok(());
    }
    let lines = render::short(model.project, &report.iter().collect::<Vec<_>>());
    let name = model.project.source(model.root.source).name();
    Err(format!("{name}: not emitted: nginx would reject it\n{lines}").trim_end().to_owned().into())
}

/// Prints the JSON Schema of an output.
pub(super) fn schema(args: &SchemaArgs) -> Result<Outcome, Failure> {
    let schema = match args.of {
        SchemaOf::Runtime => emit::runtime_schema(),
        SchemaOf::Json => emit::json_schema(),
    };
    terminal::print(schema.as_bytes())?;
    Ok(Outcome::Clean)
}
