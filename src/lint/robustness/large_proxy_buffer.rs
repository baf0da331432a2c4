//! `large-proxy-buffer`: each socket has two buffers of this size.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "large-proxy-buffer",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "each open socket takes two large buffers",
    docs: include_str!("../../../docs/rules/large-proxy-buffer.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const LARGE: u64 = 32 * 1024;
    for proxied in model.proxied() {
        let size = model.size_of(proxied.scope, "proxy_buffer_size", 4096);
        let Some(line) = model.effective_one(proxied.scope, "proxy_buffer_size") else { continue };
        if size <= LARGE || !proxied.is_active(model) || !proxied.is_dedicated() {
            continue;
        }
        let message =
            format!("each socket takes {} kB in `{}`", 2 * size / 1024, proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("two buffers of this size, one for each direction")
                .also(proxied.pass.place(), "sockets are opened here")
                .help("leave `proxy_buffer_size` at its default where there are only sockets"),
        );
    }
}
