//! `ngxc lint`: what is wrong, and `--fix` to mend it.

use std::path::Path;

use crate::catalog::Target;
use crate::diagnostic::{Applicability, Diagnostic, Kind, Severity};
use crate::fix::{self, Fixed};
use crate::lint::{Category, RULES};
use crate::project::{File, Files, Project};
use crate::render::{self, Counts};
use crate::source::Templating;

use super::args::{FailOn, Format, LintArgs};
use super::config::Config;
use super::write::{self, Replacement};
use super::{Failure, Outcome, paths, terminal};

pub(super) fn run(args: &LintArgs) -> Result<Outcome, Failure> {
    check_names(args)?;
    if args.unsafe_fixes && !args.fix && !args.diff {
        return Err("--unsafe-fixes goes with --fix or --diff".into());
    }
    paths::check_prefix(args.prefix.as_deref())?;
    let mut paths = paths::files(&args.paths)?;
    let mut files = Files::disk().with(args.template.templating());
    if paths.iter().any(|path| path == Path::new(paths::STDIN)) {
        if args.fix && !args.diff {
            return Err(
                "--fix cannot write to standard input; --diff shows what it would change".into()
            );
        }
        files.set(paths::STDIN.as_ref(), paths::read_stdin()?);
    }
    if let Some(dump) = paths.iter().position(|path| paths::is_dump(&mut files, path)) {
        if args.fix || args.diff {
            return Err(paths::refuse_dump(&paths[dump]));
        }
        let [path] = paths.as_mut_slice() else {
            let dump = paths[dump].display();
            return Err(format!("{dump}: what `nginx -T` prints is linted alone").into());
        };
        *path = paths::undumped(&mut files, path);
    }
    let target = target(args)?;
    let check = |files: &Files| {
        let project = Project::load(files, &paths, args.prefix.as_deref());
        let report = crate::check(&project, &target);
        (project, report)
    };
    if !args.fix && !args.diff {
        let (project, report) = check(&files);
        return print(args, &project, &report, 0);
    }
    let wanted = |finding: &Diagnostic| {
        let safe = finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        is_shown(args, finding) && (safe || args.unsafe_fixes)
    };
    let fixed = fix::run(files, check, wanted)?;
    if args.diff {
        return diff(args, &fixed);
    }
    let replacements: Vec<_> = fixed
        .changes
        .iter()
        .map(|change| Replacement {
            path: &change.path,
            before: &change.before,
            after: &change.after,
        })
        .collect();
    write::all(&replacements)?;
    print(args, &fixed.project, &fixed.report, fixed.count)
}

/// The nginx that the options and the project's file describe; options come first.
fn target(args: &LintArgs) -> Result<Target, Failure> {
    let target = Config::find()?.target(args.nginx_version)?;
    Ok(Target {
        modules: args.module.iter().cloned().chain(target.modules).collect(),
        snippets: args.context,
        check_files: args.check_files,
        ..target
    })
}

/// A rule that does not exist selects nothing, so it is a mistake.
fn check_names(args: &LintArgs) -> Result<(), Failure> {
    for name in args.select.iter().chain(&args.ignore) {
        let is_category = Category::ALL.iter().any(|category| category.as_str() == name);
        if !is_category && crate::lint::rule(name).is_none() {
            let near = RULES.iter().map(|rule| rule.name).find(|rule| rule.contains(name.as_str()));
            let hint =
                near.map_or("see `ngxc rules`".to_owned(), |near| format!("is it `{near}`?"));
            return Err(format!("no rule or category is named \"{name}\"; {hint}").into());
        }
    }
    Ok(())
}

/// True if the options let a finding be shown. What nginx rejects cannot be hidden.
fn is_shown(args: &LintArgs, finding: &Diagnostic) -> bool {
    let category = crate::lint::rule(finding.rule).map(|rule| rule.category.as_str());
    let named = |names: &[String]| {
        names.iter().any(|name| *name == finding.rule || Some(name.as_str()) == category)
    };
    if finding.kind == Kind::Lint
        && (named(&args.ignore) || !args.select.is_empty() && !named(&args.select))
    {
        return false;
    }
    finding.severity > Severity::Info || args.pedantic || named(&args.select)
}

fn print(
    args: &LintArgs,
    project: &Project,
    report: &[Diagnostic],
    fixed: usize,
) -> Result<Outcome, Failure> {
    let (shown, mut hidden): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        report.iter().partition(|finding| is_shown(args, finding));
    // What somebody left out on purpose need not be mentioned.
    hidden.retain(|_| !args.pedantic);
    let text = match args.format {
        Format::Json => render::json(project, &shown),
        Format::Short => render::short(project, &shown),
        Format::Human => {
            let colour = terminal::is_coloured(args.colour.colour);
            render::human(project, &shown, colour, terminal::width())
                + &summary(project, &shown, &hidden, fixed)
        }
    };
    terminal::print(text.as_bytes())?;
    if args.format == Format::Short {
        terminal::remark(&summary(project, &shown, &hidden, fixed).trim_end());
    }
    Ok(outcome(args, project, &shown))
}

fn outcome(args: &LintArgs, project: &Project, shown: &[&Diagnostic]) -> Outcome {
    let threshold = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    };
    if !project.is_complete() {
        Outcome::Failure
    } else if threshold.is_some_and(|least| shown.iter().any(|finding| finding.severity >= least)) {
        Outcome::Findings
    } else {
        Outcome::Clean
    }
}

fn summary(
    project: &Project,
    shown: &[&Diagnostic],
    hidden: &[&Diagnostic],
    fixed: usize,
) -> String {
    let counts = Counts::of(shown.iter().copied());
    let found: Vec<String> = [
        (counts.errors, "error", "errors"),
        (counts.warnings, "warning", "warnings"),
        (counts.infos, "piece of advice", "pieces of advice"),
    ]
    .iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| plural(*count, one, many))
    .collect();
    let files = plural(project.shown_count(), "file", "files");
    let mut text = if found.is_empty() {
        format!("Nothing to report in {files}.")
    } else {
        format!("{} in {files}.", found.join(", "))
    };
    if fixed > 0 {
        text.push_str(&format!(" {} made.", plural(fixed, "fix", "fixes")));
    }
    if project.template_count() > 0 {
        let files = plural(project.template_count(), "file has", "files have");
        let is_guessed = |file: &File| file.source.templating == Templating::Detect;
        let is_guessed = project.files().iter().any(is_guessed);
        let remedy = if is_guessed { " (--template none judges it)" } else { "" };
        text.push_str(&format!(
            " {files} placeholders; what stands in place of them is not judged{remedy}."
        ));
    }
    let count = |applicability| {
        let fixes = shown.iter().filter_map(|finding| finding.fix.as_ref());
        fixes.filter(|fix| fix.applicability == applicability).count()
    };
    let (safe, risky) = (count(Applicability::Safe), count(Applicability::Unsafe));
    if safe > 0 {
        text.push_str(&format!(" {safe} can be mended with --fix."));
    }
    if risky > 0 {
        let what = if safe > 0 { "more" } else { "can be mended" };
        text.push_str(&format!(" {risky} {what} with --fix --unsafe-fixes."));
    }
    let advice = hidden.iter().filter(|finding| finding.severity == Severity::Info).count();
    if advice > 0 {
        text.push_str(&format!(
            " {} not shown (--pedantic).",
            plural(advice, "piece of advice", "pieces of advice")
        ));
    }
    text + "\n"
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Prints what the fixes change and, on standard error, what they leave.
fn diff(args: &LintArgs, fixed: &Fixed) -> Result<Outcome, Failure> {
    let colour = terminal::is_coloured(args.colour.colour);
    for change in &fixed.changes {
        let path = change.path.to_string_lossy();
        terminal::print(&terminal::unified(&path, &change.before, &change.after, colour))?;
    }
    let left: Vec<&Diagnostic> =
        fixed.report.iter().filter(|finding| is_shown(args, finding)).collect();
    let left_lines = render::short(&fixed.project, &left);
    let fixes = plural(fixed.count, "fix", "fixes");
    let files = plural(fixed.changes.len(), "file", "files");
    terminal::remark(&format!("{left_lines}{fixes} in {files}, nothing written."));
    let changed = if fixed.changes.is_empty() { Outcome::Clean } else { Outcome::Findings };
    Ok(outcome(args, &fixed.project, &left).max(changed))
}
