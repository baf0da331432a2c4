//! `ngxc explain` and `ngxc rules`: the rules and their pages, and what nginx rejects.

use crate::diagnostic::Severity;
use crate::lint::{self, RULES};
use crate::validate;

use super::args::{ExplainArgs, RulesArgs};
use super::{Failure, Outcome, terminal};

pub(super) fn explain(args: &ExplainArgs) -> Result<Outcome, Failure> {
    let name = &args.rule;
    let page = match (lint::rule(name), validate::section(name)) {
        (Some(rule), _) => rule.docs.to_owned(),
        (None, Some(section)) => format!("# {}\n", section.trim_end()),
        (None, None) => {
            return Err(format!(
                "no rule is named \"{name}\"; `ngxc rules` lists them, and docs/validation.md what nginx rejects"
            )
            .into());
        }
    };
    terminal::print(page.as_bytes())?;
    Ok(Outcome::Clean)
}

pub(super) fn rules(args: &RulesArgs) -> Result<Outcome, Failure> {
    let (bold, end) =
        if terminal::is_coloured(args.colour.colour) { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for rule in RULES {
        let note = if rule.severity == Severity::Info {
            "info, --pedantic"
        } else {
            rule.severity.as_str()
        };
        text.push_str(&format!(
            "{bold}{:width$}{end}  {:10}  {:16}  {}\n",
            rule.name,
            rule.category.as_str(),
            note,
            rule.summary
        ));
    }
    terminal::print(text.as_bytes())?;
    Ok(Outcome::Clean)
}
