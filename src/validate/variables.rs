//! Variables of the handshake's headers that nothing defines, as when the `map` of the
//! recipe was not copied with the rest.
//!
//! Only where the whole configuration is in view, and only for names that no module of
//! nginx has, so that what is reported is certain.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::Model;
use crate::syntax::Body;
use crate::syntax::value::{Part, template};

pub(super) fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut suspects = Vec::new();
    for id in model.scope_ids() {
        for &line in model.scope(id).all("proxy_set_header") {
            let (Some(name), Some(value)) = (line.arg(0), line.arg(1)) else { continue };
            let is_handshake =
                ["upgrade", "connection"].iter().any(|it| name.eq_ignore_ascii_case(it));
            for part in template(&value).unwrap_or_default().iter().filter(|_| is_handshake) {
                if let Part::Variable(name) = part
                    && may_be_undefined(model, name)
                {
                    suspects.push((line, (*name).to_owned()));
                }
            }
        }
    }
    if suspects.is_empty() || !model.is_whole() {
        return;
    }
    let named = variables_named(model);
    for (line, name) in suspects {
        if named.contains(&name.to_ascii_lowercase()) {
            continue;
        }
        let message = format!("unknown \"{name}\" variable");
        let place = line.args().get(1).map_or(line.place(), |&word| line.place_of(word));
        report.push(
            Diagnostic::new(Kind::Validate, "unknown-variable", Severity::Error, place, message)
                .here("nothing defines this variable")
                .help(
                    "the recipe has a map at http level: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }`",
                ),
        );
    }
}

/// True for names like those of the recipe that are none of nginx's own.
fn may_be_undefined(model: &Model<'_>, name: &str) -> bool {
    const OWN: [&str; 3] = ["connection", "connection_requests", "connection_time"];
    const PREFIXES: [&str; 8] = [
        "http_",
        "arg_",
        "cookie_",
        "sent_",
        "upstream_",
        "proxy_protocol_tlv_",
        "connections_",
        "jwt_",
    ];
    let name = name.to_ascii_lowercase();
    let is_of_recipe = name.contains("upgrade") || name.contains("connection");
    let is_own = OWN.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    is_of_recipe && !is_own && model.is_undefined(&name)
}

/// Variables that some directive names, in whatever way: named groups of regular expressions
/// and modules that ngxc does not know define them too. Directives that only use them do
/// not count.
fn variables_named(model: &Model<'_>) -> HashSet<String> {
    let mut named = HashSet::new();
    let mut add = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        named.extend(words.map(str::to_ascii_lowercase));
    };
    for file in model.project.files() {
        for directive in file.tree.all_directives(&file.source) {
            if let Body::Lua { .. } = directive.body() {
                add(file.source.slice(directive.span()));
            }
            let name = directive.name();
            if !matches!(&*name, "proxy_set_header" | "add_header" | "return" | "log_format") {
                directive.arg_values().for_each(|value| add(&value));
            }
        }
    }
    named
}
