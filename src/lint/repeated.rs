//! Headers that the same `proxy_set_header` lines send more than once.

use crate::diagnostic::{Applicability, Fix};
use crate::model::{Model, Probe, Proxied, Value};
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

use super::edit::{is_included, remove};

/// The lines of a header that all send something for a request, if there are several.
pub(super) fn lines<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    name: &str,
    probe: &Probe,
) -> Option<Vec<Directive<'p>>> {
    let is_sent = |line: &Directive<'p>| {
        let Some(value) = line.arg(1) else { return false };
        match model.evaluate(&value, proxied.scope, probe) {
            Value::Known(value) => !value.is_empty(),
            Value::Unknown => is_never_empty(&value),
        }
    };
    let mut lines: Vec<Directive<'p>> = Vec::new();
    for line in proxied.lines(name).filter(is_sent) {
        // A file that is included twice is for another finding.
        if !lines.iter().any(|known| known.place() == line.place()) {
            lines.push(line);
        }
    }
    (lines.len() > 1).then_some(lines)
}

/// True for a value that has a text in it, or a variable that every request has.
fn is_never_empty(value: &str) -> bool {
    const ALWAYS: [&str; 7] = [
        "host",
        "http_host",
        "server_name",
        "proxy_host",
        "hostname",
        "server_addr",
        "server_port",
    ];
    template(value).unwrap_or_default().iter().any(|part| match part {
        Part::Text(text) => !text.is_empty(),
        Part::Variable(name) => ALWAYS.iter().any(|known| known.eq_ignore_ascii_case(name)),
        Part::Capture(_) => false,
    })
}

/// A fix that leaves one of the lines: the last, or the one in an include, which others may
/// have too. It is safe if the lines say the same.
pub(super) fn keep_one<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    lines: &[Directive<'p>],
) -> Option<Fix> {
    let scope = model.scope(proxied.headers_scope?);
    let (included, own): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| is_included(scope, **line));
    let value = |line: &Directive<'p>| line.arg(1).unwrap_or_default();
    let are_same = lines.windows(2).all(|pair| value(&pair[0]) == value(&pair[1]));
    let surplus = match (included.len(), are_same) {
        (0, true) => &own[1..],
        (0, false) => &own[..own.len() - 1],
        (1, _) => &own[..],
        _ => return None,
    };
    let edits = surplus.iter().map(|line| remove(*line)).collect();
    let fix = Fix::safe("send the header once", edits);
    let applicability = if are_same { fix.applicability } else { Applicability::Unsafe };
    Some(Fix { applicability, ..fix })
}
