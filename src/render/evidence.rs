//! What a backend gets, as a table for people.

use crate::diagnostic::{Evidence, Received, ReceivedHeader, Sent};
use crate::project::Project;
use crate::source::Place;

use super::visible;

/// The table, indented; every line ends in a line end.
pub(super) fn table(project: &Project, evidence: &Evidence) -> String {
    let Evidence::Received { handshake, plain } = evidence else {
        return "  the backend gets no handshake from here\n".to_owned();
    };
    let mut rows = vec![
        ["the backend gets", "of a handshake", "of a plain request", ""].map(str::to_owned),
        [
            "  request".to_owned(),
            line(handshake),
            line(plain),
            origin(project, handshake.version_from, "nginx's default version"),
        ],
    ];
    for name in names(handshake) {
        let (first, second) = (of_name(handshake, name), of_name(plain, name));
        for index in 0..first.len().max(second.len()) {
            let (first, second) = (first.get(index), second.get(index));
            let from = first.or(second).and_then(|header| header.from);
            let is_sent = first.iter().chain(&second).any(|it| it.value != Sent::Nothing);
            let nobody = if is_sent { "nginx's default" } else { "not set: nginx drops it" };
            rows.push([
                format!("  {name}"),
                value(first.copied()),
                value(second.copied()),
                origin(project, from, nobody),
            ]);
        }
    }
    print(&rows)
}

/// The names of headers, each once.
fn names(received: &Received) -> Vec<&'static str> {
    let mut names: Vec<_> = received.headers.iter().map(|header| header.name).collect();
    names.dedup();
    names
}

fn of_name<'a>(received: &'a Received, name: &str) -> Vec<&'a ReceivedHeader> {
    received.headers.iter().filter(|header| header.name == name).collect()
}

fn line(received: &Received) -> String {
    visible(&received.line).into_owned()
}

fn value(header: Option<&ReceivedHeader>) -> String {
    match header.map(|header| &header.value) {
        Some(Sent::Value(text) | Sent::Unknown(text)) => visible(text).into_owned(),
        Some(Sent::Nothing) | None => "–".to_owned(),
    }
}

fn origin(project: &Project, place: Option<Place>, nobody: &str) -> String {
    let Some(place) = place else { return nobody.to_owned() };
    let source = project.source(place.source);
    format!("{}:{}", visible(&source.name()), source.line(place.span.start))
}

fn print(rows: &[[String; 4]]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for row in rows {
        let mut line = "  ".to_owned();
        for (cell, width) in row.iter().zip(widths) {
            let gap = " ".repeat(width - cell.chars().count() + 2);
            line.push_str(cell);
            line.push_str(&gap);
        }
        line.push_str(&row[3]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
