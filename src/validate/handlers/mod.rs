//! What nginx makes of the arguments of single directives: one function for each function
//! of nginx that reads them, in a file for each part of nginx.

mod rewrite;

use crate::catalog::{Entry, ValueType};
use crate::model::ScopeId;
use crate::syntax::Directive;

use super::Check;

/// Reads the arguments of a directive, whose number is right.
type Handler = for<'m, 'p> fn(&mut Check<'m, 'p>, Directive<'p>);

/// By nginx's function or, where that is a common one, by the directive; sorted.
const HANDLERS: &[(&str, Handler)] = &[
    ("ngx_http_rewrite", rewrite::rewrite),
    ("ngx_http_rewrite_if", rewrite::condition),
    ("ngx_http_rewrite_return", rewrite::ret),
    ("ngx_http_rewrite_set", rewrite::set),
    ("ngx_stream_return", rewrite::stream_return),
    ("ngx_stream_set", rewrite::set),
];

fn handler(name: &str) -> Option<Handler> {
    let found = HANDLERS.binary_search_by(|(other, _)| (*other).cmp(name));
    found.ok().map(|index| HANDLERS[index].1)
}

/// Checks what is special about a directive.
pub(super) fn check<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    entry: &'static Entry,
    _block: Option<ScopeId>,
) {
    let own = match entry.value {
        ValueType::Handler("") => {
            third_party(check, directive, entry);
            return;
        }
        ValueType::Handler(name) => handler(name),
        _ => handler(entry.name).or_else(|| handler(entry.detail)),
    };
    if let Some(own) = own {
        own(check, directive);
    }
}

/// What stands at the end of a block's check.
pub(super) fn end_of_block(_check: &mut Check<'_, '_>) {}

/// A directive of another module may define the variables that it names.
fn third_party<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, _entry: &Entry) {
    let is_stream = check.context.is_stream();
    for word in directive.arg_values() {
        if let Some(name) = word.strip_prefix('$') {
            check.variables.define(name, is_stream);
        }
    }
}
