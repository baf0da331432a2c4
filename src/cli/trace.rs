//! `ngxc trace`: what becomes of a request, and what is set in a place.

use std::fs;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::Model;
use crate::project::{Files, Project};
use crate::render;
use crate::runtime::Router;
use crate::source::Templating;
use crate::trace::{self, Asked, Trace, Wanted};

use super::args::{TraceArgs, TraceFormat};
use super::config::Config;
use super::{Failure, Outcome, paths, terminal};

/// So many findings say why nothing is traced.
const MAX_FINDINGS: usize = 8;

pub(super) fn run(args: &TraceArgs) -> Result<Outcome, Failure> {
    paths::check_prefix(args.prefix.as_deref())?;
    let mut files = Files::disk().with(Templating::None);
    let path = if args.config == Path::new("-") { Path::new(paths::STDIN) } else { &args.config };
    if path == Path::new(paths::STDIN) {
        files.set(path, paths::read_stdin()?);
    }
    let path = &paths::undumped(&mut files, path);
    let target = Config::find()?.target(args.nginx_version)?;
    let project = Project::load(&files, std::slice::from_ref(path), args.prefix.as_deref());
    let report = crate::check(&project, &target);
    let Some(root) = project.roots().first().filter(|_| project.is_complete()) else {
        return Err(refusal(&project, &report, path, "it cannot be read"));
    };
    if project.files().iter().any(|file| file.has_syntax_errors) {
        return Err(refusal(&project, &report, path, "it has syntax errors"));
    }
    let model = Model::new(&project, root, &target);
    if args.settings {
        return settings(args, &model);
    }
    remark_on(&report, args);
    let router = trace::router(&model).map_err(|error| format!("{}: {error}", path.display()))?;
    match &args.expect {
        Some(table) => expect(args, &model, &router, table),
        None => one(args, &model, &router),
    }
}

/// Why nothing is traced, with what is wrong with the files.
fn refusal(project: &Project, report: &[Diagnostic], path: &Path, reason: &str) -> Failure {
    let counts =
        |finding: &&Diagnostic| finding.kind == Kind::Syntax || finding.rule == "unreadable-file";
    let findings: Vec<_> = report.iter().filter(counts).collect();
    let shown = &findings[..findings.len().min(MAX_FINDINGS)];
    let lines = render::short(project, shown);
    let more = match findings.len() - shown.len() {
        0 => String::new(),
        more => format!("… and {more} more: ngxc lint {}", path.display()),
    };
    let text = format!("{}: not traced: {reason}\n{lines}{more}", path.display());
    text.trim_end().to_owned().into()
}

/// What nginx would refuse is traced as far as it goes, and said.
fn remark_on(report: &[Diagnostic], args: &TraceArgs) {
    let is_refused = |finding: &&Diagnostic| {
        finding.kind == Kind::Validate && finding.severity == Severity::Error
    };
    let count = report.iter().filter(is_refused).count();
    if count > 0 {
        let things = if count == 1 { "1 thing" } else { &format!("{count} things") };
        terminal::remark(&format!(
            "ngxc: nginx would not start with {things} in this configuration: ngxc lint {}",
            render::visible(&args.config.to_string_lossy())
        ));
    }
}

fn settings(args: &TraceArgs, model: &Model<'_>) -> Result<Outcome, Failure> {
    let Some(place) = &args.request else {
        return Err(
            "--settings goes with a place, as in: ngxc trace --settings nginx.conf /ws/".into()
        );
    };
    let scopes = trace::find(model, place);
    if scopes.is_empty() {
        return Err(format!(
            "{}: no block is \"{place}\"; it is a location as it is written, http, server, \
             \"server NAME\", \"upstream NAME\" or FILE:LINE",
            args.config.display()
        )
        .into());
    }
    let wanted = Wanted { names: args.names.clone(), defaults: args.all };
    let text = match args.format {
        TraceFormat::Json => trace::settings_json(model, &scopes, &wanted),
        TraceFormat::Human => {
            let colour = terminal::is_coloured(args.colour.colour);
            trace::settings(model, &scopes, &wanted, colour, terminal::width())
        }
    };
    terminal::print(text.as_bytes())?;
    Ok(Outcome::Clean)
}

/// What the options say of all requests.
fn asked(args: &TraceArgs) -> Asked {
    Asked {
        url: args.request.clone().unwrap_or_default(),
        headers: args.header.clone(),
        is_websocket: args.websocket,
        method: args.method.clone(),
        client: args.client_ip,
        listen: args.listen.clone(),
    }
}

fn one(args: &TraceArgs, model: &Model<'_>, router: &Router) -> Result<Outcome, Failure> {
    if args.request.is_none() {
        return Err(
            "what is asked for? Say a URL, --expect FILE, or --settings with a place".into()
        );
    }
    let request = asked(args).request(router.config())?;
    let trace = Trace::new(model, router, &request);
    let text = match args.format {
        TraceFormat::Json => trace::json(&trace),
        TraceFormat::Human => {
            trace::human(&trace, terminal::is_coloured(args.colour.colour), terminal::width())
        }
    };
    terminal::print(text.as_bytes())?;
    Ok(Outcome::Clean)
}

fn expect(
    args: &TraceArgs,
    model: &Model<'_>,
    router: &Router,
    table: &Path,
) -> Result<Outcome, Failure> {
    let name = table.display();
    let bytes = match table.to_str() {
        Some("-") if args.config == Path::new("-") => {
            return Err("the configuration and the table cannot both be standard input".into());
        }
        Some("-") => paths::read_stdin()?,
        _ => fs::read(table).map_err(|error| format!("{name}: {error}"))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("{name}: it is not UTF-8"))?;
    let cases = trace::cases(&text, &asked(args)).map_err(|errors| {
        let lines = errors.iter().map(|(line, error)| format!("{name}:{line}: {error}"));
        lines.collect::<Vec<_>>().join("\n")
    })?;
    let mut out = String::new();
    let mut failed = 0;
    for case in &cases {
        let request = case.asked.request(router.config());
        let request = request.map_err(|error| format!("{name}:{}: {error}", case.line))?;
        let trace = Trace::new(model, router, &request);
        let failures = case.check(&trace);
        failed += usize::from(!failures.is_empty());
        out.push_str(&trace::failures(&name.to_string(), case, &failures));
    }
    let count = cases.len();
    out.push_str(&match failed {
        0 if count == 1 => "1 case holds.\n".to_owned(),
        0 => format!("All {count} cases hold.\n"),
        failed => format!("{failed} of {count} cases failed.\n"),
    });
    terminal::print(out.as_bytes())?;
    Ok(if failed > 0 { Outcome::Findings } else { Outcome::Clean })
}
