//! What can be said of a file that another program puts text into before nginx reads it: only what
//! holds whatever that text may be.
//!
//! Findings are taken away here and nothing is added; what a placeholder says is not looked at.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Kind};
use crate::lint::{self, Category};
use crate::project::{File, Project, Root};
use crate::source::{Place, SourceId, Span};
use crate::syntax::{Directive, Item, Role, UNKNOWN};

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
const OF_ABSENCE: [&str; 6] = [
    "unknown-variable",
    "unknown-zone",
    "unknown-log-format",
    "missing-include",
    "missing-resolver",
    "incomplete",
];

/// Directives whose last argument is a variable that they define, before their block.
const DEFINE_LAST: [&str; 3] = ["map", "geo", "split_clients"];

/// Directives whose first argument is a name that they define. The ends of others are enough:
/// `auth_request_set`, `set_by_lua_block`, `js_set`.
const DEFINE_FIRST: [&str; 4] = ["set", "upstream", "log_format", "js_var"];

/// Takes away what was found of a root and is not certain because of placeholders.
pub(crate) fn retain_certain(project: &Project, root: &Root, report: &mut Vec<Diagnostic>) {
    let mut ids: HashSet<SourceId> = root.targets().collect();
    ids.insert(root.source);
    ids.retain(|&id| project.file(id).tree.has_placeholders);
    if ids.is_empty() {
        return;
    }
    let files: HashMap<SourceId, Placeholders> =
        ids.into_iter().map(|id| (id, Placeholders::of(project.file(id)))).collect();
    let hide_names = files.values().any(|file| file.hide_names);
    let is_in_head = |place: Place| {
        files.get(&place.source).is_some_and(|file| file.head_at(place.span).is_some())
    };
    report.retain(|finding| {
        let place = finding.label.place;
        // What two placeholders come to may not be the same.
        let is_told_apart = !finding.message.contains(UNKNOWN);
        let is_absence = OF_ABSENCE.contains(&finding.rule)
            || finding.message.starts_with("no port in upstream");
        let is_local = OF_ONE_DIRECTIVE.contains(&finding.rule);
        let file = files.get(&place.source);
        let is_sure = file.is_none_or(|file| file.holds_at(finding))
            && (finding.kind == Kind::Lint
                || !finding.labels.iter().any(|it| is_in_head(it.place)));
        let is_alone = file.is_none_or(|file| match finding.kind {
            Kind::Lint => !file.is_alternative(place.span),
            _ => is_local || !file.is_open(place.span),
        });
        finding.kind == Kind::Syntax
            || is_told_apart && is_sure && is_alone && !(hide_names && is_absence)
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
    /// The heads of directives that the branches of a template have several times in one
    /// block, in order.
    alternatives: Vec<Span>,
    /// Something may be defined that is not seen.
    hide_names: bool,
}

struct Head {
    span: Span,
    /// Its name has no placeholder.
    is_named: bool,
    /// What is said at it is about what stands around it: it is a block or passes requests on.
    is_place: bool,
}

impl Placeholders {
    fn of(file: &File) -> Self {
        let mut found = Self::default();
        let all = Span::new(0, file.source.end());
        found.items(file.tree.items(&file.source), all);
        found.alternatives.sort_unstable();
        found
    }

    fn items<'a>(&mut self, items: impl Iterator<Item = Item<'a>>, block: Span) {
        let at = self.open.len();
        let mut is_open = false;
        let mut branch = 0;
        let mut by_key: HashMap<String, Vec<(usize, Span)>> = HashMap::new();
        for item in items {
            match item {
                Item::Directive(directive) => {
                    if let Some(key) = key(directive) {
                        by_key.entry(key).or_default().push((branch, directive.head()));
                    }
                    self.directive(directive);
                }
                Item::Placeholder(placeholder) => {
                    is_open |= placeholder.role != Role::Silent;
                    self.hide_names |= placeholder.role == Role::Speaks;
                    let divides =
                        matches!(placeholder.role, Role::Opens | Role::Divides | Role::Ends);
                    branch += usize::from(divides);
                }
                Item::Comment(_) => {}
            }
        }
        if is_open {
            self.open.truncate(at);
            self.open.push(block);
        }
        let in_branches = by_key.into_values().filter(|all| all.iter().any(|it| it.0 != all[0].0));
        self.alternatives.extend(in_branches.flatten().map(|(_, head)| head));
    }

    fn directive(&mut self, directive: Directive<'_>) {
        if directive.has_placeholder() {
            let name = directive.name();
            let is_place = directive.is_block() || name.ends_with("_pass");
            let is_named = !directive.words()[0].has_placeholder;
            self.heads.push(Head { span: directive.head(), is_named, is_place });
            self.hide_names |= !is_named || hides_name(directive);
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
        let index = self.alternatives.partition_point(|head| head.end < place.end);
        self.alternatives.get(index).is_some_and(|head| head.start <= place.start)
    }

    /// The directive with placeholders whose head a place is in.
    fn head_at(&self, place: Span) -> Option<&Head> {
        let index = self.heads.partition_point(|head| head.span.end < place.end);
        self.heads.get(index).filter(|head| head.span.start <= place.start)
    }

    /// True for what holds of a directive whatever its own placeholders come to.
    fn holds_at(&self, finding: &Diagnostic) -> bool {
        let Some(head) = self.head_at(finding.label.place.span) else { return true };
        // Where something is passed to may be unknown, and how is not.
        OF_NAMES.contains(&finding.rule) && head.is_named
            || head.is_place && is_of_handshakes(finding)
    }
}

/// True for a directive that defines a name with a placeholder in it, or a zone that may be
/// another one.
fn hides_name(directive: Directive<'_>) -> bool {
    let name = directive.name();
    let is_hidden = |index: usize| directive.args().get(index).is_some_and(|it| it.has_placeholder);
    if DEFINE_LAST.contains(&&*name) {
        return is_hidden(directive.args().len().wrapping_sub(1));
    }
    let defines_first = DEFINE_FIRST.contains(&&*name)
        || name.ends_with("_set")
        || name.starts_with("set_by_")
        || name.starts_with("geoip");
    if defines_first {
        return is_hidden(0);
    }
    // The groups of an expression are variables.
    let has_groups = directive.arg_values().any(|it| it.starts_with('~'))
        && matches!(&*name, "location" | "server_name" | "if");
    has_groups || name.ends_with("_zone") || name.ends_with("_cache_path") || name == "zone"
}

/// What two directives in one block have in common if nginx takes one of them, or if both set
/// the same thing.
fn key(directive: Directive<'_>) -> Option<String> {
    let name = directive.name();
    // One of these answers a request.
    if name == "return" || name.ends_with("_pass") {
        return Some("_pass".to_owned());
    }
    let count = match name.as_ref() {
        _ if directive.is_block() => directive.args().len(),
        "set" | "proxy_set_header" | "add_header" => 1,
        _ => 0,
    };
    let literals = directive.args().iter().take(count).map(|it| it.literal(directive.source));
    let words: Vec<_> = std::iter::once(name.clone()).chain(literals).collect();
    // A block without arguments is one of many, as `server`.
    (!directive.is_block() || count > 0).then(|| words.join(" ").to_ascii_lowercase())
}

/// True for a rule about whether WebSocket connections come through.
fn is_of_handshakes(finding: &Diagnostic) -> bool {
    lint::rule(finding.rule).is_some_and(|rule| rule.category == Category::Websocket)
}
