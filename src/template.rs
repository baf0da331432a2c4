//! What can be said of a file that another program puts text into before nginx reads it: only what
//! holds whatever that text may be.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Kind};
use crate::lint::{self, Category};
use crate::project::{File, Project};
use crate::source::Span;
use crate::syntax::{Directive, Item};

/// What nginx finds at one directive alone, whatever stands around it.
const OF_ONE_DIRECTIVE: [&str; 8] = [
    "unknown-directive",
    "misplaced-directive",
    "wrong-argument-count",
    "invalid-value",
    "invalid-regex",
    "invalid-condition",
    "deprecated",
    "false-space",
];

/// What is wrong with the name of a directive.
const OF_NAMES: [&str; 2] = ["unknown-directive", "misplaced-directive"];

/// What is said of something that is missing, which may be what a placeholder stands for.
const OF_ABSENCE: [&str; 5] =
    ["unknown-variable", "unknown-zone", "unknown-log-format", "missing-include", "incomplete"];

/// Directives that define a name, first or last of their arguments.
const DEFINE: [&str; 8] =
    ["set", "map", "geo", "split_clients", "upstream", "log_format", "limit_req_zone", "js_import"];

/// Takes away the findings that are not certain because of placeholders.
pub(crate) fn retain_certain(project: &Project, report: &mut Vec<Diagnostic>) {
    let files: Vec<Placeholders> = project.files().iter().map(Placeholders::of).collect();
    let hide_names = files.iter().any(|file| file.hide_names);
    report.retain(|finding| {
        let place = finding.label.place;
        let file = &files[place.source.0 as usize];
        let is_local = OF_ONE_DIRECTIVE.contains(&finding.rule);
        match finding.kind {
            Kind::Syntax => true,
            _ if hide_names && OF_ABSENCE.contains(&finding.rule) => false,
            Kind::Validate => (is_local || !file.is_open(place.span)) && file.is_sure(finding),
            Kind::Lint => !file.is_alternative(place.span) && file.is_sure(finding),
        }
    });
}

/// Where the placeholders of a file leave doubt.
#[derive(Default)]
struct Placeholders {
    /// The heads of directives with placeholders, in order.
    heads: Vec<Head>,
    /// The insides of blocks with placeholders between their directives; of those in each other,
    /// the outermost.
    open: Vec<Span>,
    /// Directives that the branches of a template have several times in one block, in order.
    alternatives: Vec<Span>,
    /// Something may be defined that is not seen.
    hide_names: bool,
}

struct Head {
    span: Span,
    /// Its name has no placeholder.
    is_named: bool,
    /// It is a block or passes requests on: what is said at it is about what stands around it.
    is_place: bool,
}

impl Placeholders {
    fn of(file: &File) -> Self {
        let mut found = Self::default();
        if file.tree.has_placeholders {
            let all = Span::new(0, file.source.end());
            found.items(file.tree.items(&file.source), all);
            found.alternatives.sort_unstable();
        }
        found
    }

    fn items<'a>(&mut self, items: impl Iterator<Item = Item<'a>>, block: Span) {
        let at = self.open.len();
        let mut is_open = false;
        let mut by_key: HashMap<String, Vec<Span>> = HashMap::new();
        for item in items {
            match item {
                Item::Directive(directive) => {
                    by_key.entry(key(directive)).or_default().push(directive.span());
                    self.directive(directive);
                }
                Item::Placeholder(placeholder) => {
                    is_open = true;
                    self.hide_names |= !placeholder.is_silent;
                }
                Item::Comment(_) => {}
            }
        }
        if is_open {
            self.open.truncate(at);
            self.open.push(block);
            self.alternatives.extend(by_key.into_values().filter(|all| all.len() > 1).flatten());
        }
    }

    fn directive(&mut self, directive: Directive<'_>) {
        if directive.has_placeholder() {
            let name = directive.name();
            let is_place = directive.is_block() || name.ends_with("_pass");
            let is_named = !directive.words()[0].has_placeholder;
            self.heads.push(Head { span: directive.head(), is_named, is_place });
            self.hide_names |= !is_named || DEFINE.contains(&name.as_ref());
        }
        let inside = Span::new(directive.head().end, directive.span().end);
        self.items(directive.items(), inside);
    }

    /// True if a branch or more directives may stand around a place.
    fn is_open(&self, place: Span) -> bool {
        let index = self.open.partition_point(|block| block.end <= place.start);
        self.open.get(index).is_some_and(|block| block.start <= place.start)
    }

    /// True if another branch may say something else instead of what stands at a place.
    fn is_alternative(&self, place: Span) -> bool {
        let index = self.alternatives.partition_point(|it| it.start <= place.start);
        // One may lie in another, which begins before it.
        self.alternatives[..index].iter().rev().any(|it| it.end >= place.end)
    }

    /// True for what holds of a directive whatever its placeholders come to.
    fn is_sure(&self, finding: &Diagnostic) -> bool {
        let place = finding.label.place.span;
        let index = self.heads.partition_point(|head| head.span.end < place.end);
        let Some(head) = self.heads.get(index).filter(|head| head.span.start <= place.start) else {
            return true;
        };
        // Where something is passed to may be unknown, and how is not.
        OF_NAMES.contains(&finding.rule) && head.is_named
            || head.is_place && is_of_handshakes(finding)
    }
}

/// What two directives in one block have in common if nginx takes one of them, or if both set
/// the same thing.
fn key(directive: Directive<'_>) -> String {
    let mut key = directive.name().into_owned();
    // One of these answers a request.
    if key == "return" || key.ends_with("_pass") {
        return "_pass".to_owned();
    }
    let is_list = directive.is_block() || ["set", "proxy_set_header"].contains(&key.as_str());
    if is_list && let Some(first) = directive.arg(0) {
        key.extend([" ", &first.to_ascii_lowercase()]);
    }
    key
}

/// True for a rule about whether WebSocket connections come through.
fn is_of_handshakes(finding: &Diagnostic) -> bool {
    lint::rule(finding.rule).is_some_and(|rule| rule.category == Category::Websocket)
}
