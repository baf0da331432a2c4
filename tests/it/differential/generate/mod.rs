//! Random configurations that nginx accepts, of a small alphabet so that much collides.

mod location;
mod proxy;
mod rewrite;
mod server;
mod variables;

use super::block::Directive;
use super::random::Random;

/// What is remembered while a configuration is made.
struct Generator {
    random: Random,
    /// The marks that were given to servers, locations and `if`s.
    marks: usize,
    /// The sockets that have a default server.
    defaults: Vec<String>,
}

/// The configuration of a seed: an `http` block. Every place in it that can answers with
/// `X-At`: `s1` is a server, `l2` a location, and `l2.3` an `if` in it.
pub fn configuration(random: Random) -> Directive {
    let mut generator = Generator { random, marks: 0, defaults: Vec::new() };
    generator.http()
}

impl Generator {
    fn http(&mut self) -> Directive {
        let mut inside: Vec<Directive> = FIRST.map(Directive::line).into();
        inside.extend(self.definitions());
        if self.random.chance(10) {
            inside.extend(self.error_pages());
        }
        if self.random.chance(10) {
            inside.extend(self.access());
        }
        if self.random.chance(40) {
            inside.extend(self.proxy_settings());
        }
        for _ in 0..=self.random.below(4) {
            inside.push(self.server());
        }
        inside.push(declarations());
        Directive::block("http", inside)
    }

    /// A directive that says where it is, in answers with errors too.
    fn mark(&mut self, kind: char) -> (String, Directive) {
        self.marks += 1;
        let mark = format!("{kind}{}", self.marks);
        let directive = marking(&mark);
        (mark, directive)
    }

    /// Some of several lines, each with its chance.
    fn some_of(&mut self, lines: &[(usize, &str)]) -> Vec<Directive> {
        let chosen = lines.iter().filter(|(percent, _)| self.random.chance(*percent));
        chosen.map(|(_, line)| Directive::line(*line)).collect()
    }
}

fn marking(mark: &str) -> Directive {
    Directive::line(format!("add_header X-At {mark} always"))
}

/// What each configuration begins with: no file is there, and no log is written.
const FIRST: [&str; 2] = ["access_log off", "root /nonexistent"];

/// A server that no request comes to. The variables are known for what it says.
fn declarations() -> Directive {
    let mut inside = vec![
        Directive::line("listen 127.0.0.3:@P1@"),
        Directive::line("server_name never.invalid"),
    ];
    inside.extend(variables::SET.map(|name| Directive::line(format!("set ${name} ''"))));
    let groups: String = variables::NAMED.map(|name| format!("(?<{name}>.)")).concat();
    inside.push(Directive::block(format!("if ($uri ~ {groups})"), Vec::new()));
    Directive::block("server", inside)
}
