//! `host-without-port`: `Host` has another port than the `Origin` of the same site.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Model, Socket, value_word};

use super::in_own_file;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "host-without-port",
    category: Category::Websocket,
    severity: Severity::Info,
    summary: "the port in Host is not that of Origin, so backends that compare them refuse",
    docs: include_str!("../../../docs/rules/host-without-port.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let mut lines = proxied.lines("Host");
        let (Some(line), None) = (lines.next(), lines.next()) else { continue };
        let Some((word, value)) = value_word(line).zip(line.arg(1)) else { continue };
        let Some(server) = model.server_of(proxied.scope) else { continue };
        let value = value.replace(['{', '}'], "").to_ascii_lowercase();
        let wants_usual = match value.as_str() {
            "$host" | "$server_name" => false,
            "$host:$server_port" | "$server_name:$server_port" => true,
            _ => continue,
        };
        if !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let sockets = model.sockets(server);
        let all = |test: fn(&Socket<'_, '_>) -> bool| {
            !sockets.is_empty() && sockets.iter().all(|it| it.directive.is_some() && test(it))
        };
        let (is_wrong, here) = if wants_usual {
            (all(is_usual), "the Origin of a page on a usual port has no port")
        } else {
            (all(is_unusual), "the Origin of a page on this port has a port")
        };
        let Some(socket) = sockets.first().and_then(|it| it.directive).filter(|_| is_wrong) else {
            continue;
        };
        let fix = Fix::risky("pass Host on as it is", vec![replace(line, word, "$http_host")]);
        report.push(
            RULE.at(line.place(), format!("`{}` sends another port in Host than browsers do", proxied.title(model)))
                .here(here)
                .also(socket.place(), "if browsers come to this port")
                .evidence(proxied.evidence(model))
                .help("write `$http_host`, which is Host as the browser sent it: many backends compare it with Origin")
                .fix(in_own_file(model, proxied, line, fix)),
        );
    }
}

/// A port that browsers leave out.
fn is_usual(socket: &Socket<'_, '_>) -> bool {
    socket.port() == Some(if socket.has_tls() { 443 } else { 80 })
}

/// A port that browsers write, if it is theirs.
fn is_unusual(socket: &Socket<'_, '_>) -> bool {
    socket.is_public() && !matches!(socket.port(), Some(80 | 443)) && !socket.has_proxy_protocol()
}
