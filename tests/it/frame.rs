//! A whole configuration around one directive, with all that nginx wants besides and nothing
//! that the directive says itself.

use ngxc::catalog::Context;

/// The contexts that a directive is tried in.
pub const CONTEXTS: [Context; 14] = [
    Context::Main,
    Context::Events,
    Context::Http,
    Context::Server,
    Context::Location,
    Context::IfInServer,
    Context::IfInLocation,
    Context::LimitExcept,
    Context::Upstream,
    Context::Mail,
    Context::MailServer,
    Context::Stream,
    Context::StreamServer,
    Context::StreamUpstream,
];

/// The configuration with a statement in a context; `name` is its directive.
///
/// What stands around it is left out where it would be a second of its name.
pub fn whole(context: Context, name: &str, statement: &str) -> String {
    let or_own = |own: &str, filler: &str| {
        let is_second = filler.split_whitespace().next() == Some(name);
        if is_second && context.as_str() == own { String::new() } else { filler.to_owned() }
    };
    let events = or_own("main", "events {}");
    let pid = or_own("main", "pid logs/pid;");
    let log = or_own("main", "error_log logs/err;");
    let http = or_own("http", "access_log off;");
    let server = |inner: &str| {
        let listen = or_own("server", "listen 127.0.0.1:18080;");
        format!("{events}\nhttp {{\n{http}\nserver {{ {listen}\n{inner}\n}}\n}}\n")
    };
    let location = |inner: &str| server(&format!("location /t {{\n{inner}\n}}"));
    let body = match context {
        Context::Main => format!("{statement}\n{events}\n"),
        Context::Events => format!("events {{\n{statement}\n}}\n"),
        Context::Http => format!("{events}\nhttp {{\n{http}\n{statement}\n}}\n"),
        Context::Server => server(statement),
        Context::Location => location(statement),
        Context::IfInServer => server(&format!("if ($host) {{\n{statement}\n}}")),
        Context::IfInLocation => location(&format!("if ($host) {{\n{statement}\n}}")),
        Context::LimitExcept => location(&format!("limit_except GET {{\n{statement}\n}}")),
        Context::Upstream => {
            format!("{events}\nhttp {{\nupstream u {{\n{statement}\nserver 127.0.0.1:9;\n}}\n}}\n")
        }
        Context::Mail => format!("{events}\nmail {{\n{statement}\n}}\n"),
        Context::MailServer => format!(
            "{events}\nmail {{\nauth_http 127.0.0.1:9/;\nserver {{ listen 127.0.0.1:18082; protocol imap;\n{statement}\n}}\n}}\n"
        ),
        Context::Stream => format!("{events}\nstream {{\n{statement}\n}}\n"),
        Context::StreamServer => {
            let answer = or_own("stream.server", "return a;");
            let listen = or_own("stream.server", "listen 127.0.0.1:18081;");
            format!("{events}\nstream {{\nserver {{ {listen}\n{statement}\n{answer}\n}}\n}}\n")
        }
        Context::StreamUpstream => format!(
            "{events}\nstream {{\nupstream u {{\n{statement}\nserver 127.0.0.1:9;\n}}\n}}\n"
        ),
        other => panic!("nothing is tried in {other}"),
    };
    format!("{log} {pid}\n{body}")
}
