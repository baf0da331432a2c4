//! What nginx finds when all is read: while it merges levels and sets up what serves.
//!
//! Most of it depends on levels around a place, so it is only said where those are in view.

mod buffers;
mod listens;
mod passes;
mod tls;

use crate::catalog::Context;
use crate::diagnostic::{Kind, Severity};
use crate::model::ScopeId;
use crate::source::Span;

use super::{Check, Diagnostic, handlers};

pub(super) fn check(check: &mut Check<'_, '_>) {
    events(check);
    handlers::main::late(check);
    handlers::mail::late(check);
    handlers::modules::late(check);
    handlers::ssl::late(check);
    passes::check(check);
    listens::check(check);
    for id in check.model.scope_ids() {
        check.scope = id;
        if is_known(check, id) && super::is_merged(check.model.scope(id)) {
            buffers::check(check, id);
            tls::check(check, id);
        } else if !check.model.root.is_main {
            tls::in_snippet(check, id);
        }
    }
}

/// True if all that a scope may inherit is in view, and the configuration is one that was
/// asked for: of one that was only found around a file nobody knows whether it is all.
fn is_known(check: &Check<'_, '_>, scope: ScopeId) -> bool {
    let root = check.model.root;
    root.is_main
        && check.model.project.is_shown(root.source)
        && !check.model.has_unknown_settings(scope)
}

/// A configuration needs `events` (`ngx_event_init_conf`). One that is an example for people
/// often lacks it, so it is only an error if somebody says that the file is all.
fn events(check: &mut Check<'_, '_>) {
    let main = check.model.scope(ScopeId::ROOT);
    let is_whole = check.target.snippets == Some(Context::Main);
    let is_main = check.model.root.is_main || is_whole;
    if main.context != Context::Main || main.has_unknown_include || !is_main {
        return;
    }
    if main.lines().iter().any(|line| line.directive.is("events")) {
        return;
    }
    let severity = if is_whole { Severity::Error } else { Severity::Info };
    let place = check.model.project.source(check.model.root.source).place(Span::at(0));
    let message = "no \"events\" section in configuration";
    check.say(
        Diagnostic::new(Kind::Validate, "incomplete", severity, place, message)
            .help("add `events {}`"),
    );
}
