//! Sizes of buffers that have to fit each other (`ngx_http_proxy_merge_loc_conf` and the
//! same of fastcgi, scgi and uwsgi).

use crate::catalog::Context;
use crate::diagnostic::Diagnostic;
use crate::model::ScopeId;
use crate::syntax::Directive;
use crate::syntax::value::{number, size};
use crate::validate::{Check, error};

/// One page of memory: the default of most sizes.
const PAGE: u64 = 4096;

/// Ends of the names of the directives that have to fit each other.
const NAMES: [&str; 5] =
    ["buffer_size", "buffers", "busy_buffers_size", "temp_file_write_size", "max_temp_file_size"];

pub(super) fn check(check: &mut Check<'_, '_>, id: ScopeId) {
    let scope = check.model.scope(id);
    let is_merged = matches!(
        scope.context,
        Context::Http
            | Context::Server
            | Context::Location
            | Context::IfInServer
            | Context::IfInLocation
            | Context::LimitExcept
    );
    if !is_merged {
        return;
    }
    if matches!(scope.context, Context::Http | Context::Server) {
        headers(check, id);
    }
    for protocol in ["proxy", "fastcgi", "scgi", "uwsgi"] {
        family(check, id, protocol);
    }
}

/// A buffer for headers holds at least what a connection's pool does
/// (`ngx_http_core_merge_srv_conf`).
fn headers(check: &mut Check<'_, '_>, id: ScopeId) {
    const POOL: u64 = 512;
    let model = check.model;
    let read = |name, index| {
        let directive = model.effective_one(id, name)?;
        Some((directive, size(&directive.arg(index)?)?))
    };
    let buffers = read("large_client_header_buffers", 1);
    let pool = read("connection_pool_size", 0);
    let least = pool.map_or(POOL, |(_, size)| size);
    let most = buffers.map_or(8192, |(_, size)| size);
    let own = |name| model.scope(id).last(name).is_some();
    let is_own = own("large_client_header_buffers") || own("connection_pool_size");
    let Some((directive, _)) = buffers.or(pool).filter(|_| is_own && most < least) else { return };
    let message = "the \"large_client_header_buffers\" size must be equal to or greater than \"connection_pool_size\"";
    let help = format!("each buffer needs {least} bytes at least");
    check.say(error("conflict", directive.place(), message).help(help));
}

/// Checks the buffers of a protocol where the scope itself sets one of them.
fn family(check: &mut Check<'_, '_>, id: ScopeId, protocol: &str) {
    let names = NAMES.map(|name| format!("{protocol}_{name}"));
    let scope = check.model.scope(id);
    let Some(own) = names.iter().find_map(|name| scope.last(name)) else { return };
    let [buffer_size, buffers, busy, write, temp] =
        names.each_ref().map(|name| check.model.effective_one(id, name));
    let read =
        |directive: Option<Directive<'_>>, index| directive.and_then(|it| size(&it.arg(index)?));
    let count = buffers.map_or(Some(8), |it| number(&it.arg(0)?)?.try_into().ok());
    let one = if buffers.is_some() { read(buffers, 1) } else { Some(PAGE) };
    let head = if buffer_size.is_some() { read(buffer_size, 0) } else { Some(PAGE) };
    // What cannot be read was said where it stands.
    let (Some(count), Some(one), Some(head)) = (count, one, head) else { return };
    let count: u64 = count;
    if count == 0 || one == 0 {
        return;
    }
    let largest = one.max(head);
    let busy_size = if busy.is_some() { read(busy, 0) } else { Some(2 * largest) };
    let write_size = if write.is_some() { read(write, 0) } else { Some(2 * largest) };
    let temp_size = if temp.is_some() { read(temp, 0) } else { Some(1 << 30) };
    let [size_name, buffers_name, busy_name, write_name, temp_name] = &names;
    let of_both = format!(
        "equal to or greater than the maximum of the value of \"{size_name}\" and one of the \"{buffers_name}\""
    );
    let room = count.saturating_sub(1).saturating_mul(one);
    let (message, culprit, help) = if count < 2 {
        (
            format!("there must be at least 2 \"{buffers_name}\""),
            buffers,
            "write 2 or more".to_owned(),
        )
    } else if busy_size.is_some_and(|busy| busy < largest) {
        (
            format!("\"{busy_name}\" must be {of_both}"),
            busy,
            format!("it has to be {largest} at least"),
        )
    } else if busy_size.is_some_and(|busy| busy > room) {
        let message = format!(
            "\"{busy_name}\" must be less than the size of all \"{buffers_name}\" minus one buffer"
        );
        let help = format!(
            "all but one of {count} buffers of {one} bytes have {room}, and {busy_name} is {}{}: give {buffers_name} more or larger buffers",
            busy_size.unwrap_or(0),
            if busy.is_some() { "" } else { " by default, twice the largest" }
        );
        (message, busy.or(buffer_size), help)
    } else if write_size.is_some_and(|write| write < largest) {
        (
            format!("\"{write_name}\" must be {of_both}"),
            write,
            format!("it has to be {largest} at least"),
        )
    } else if temp_size.is_some_and(|temp| temp != 0 && temp < largest) {
        let message = format!(
            "\"{temp_name}\" must be equal to zero to disable temporary files usage or must be {of_both}"
        );
        (message, temp, format!("it has to be 0, or {largest} at least"))
    } else {
        return;
    };
    let all = [buffer_size, buffers, busy, write, temp];
    say(check, id, error("conflict", own.place(), message).help(help), culprit, &all);
}

/// Puts a finding to its culprit if that stands in the scope itself, with all that it is about.
fn say<'p>(
    check: &mut Check<'_, 'p>,
    id: ScopeId,
    mut diagnostic: Diagnostic,
    culprit: Option<Directive<'p>>,
    all: &[Option<Directive<'p>>],
) {
    let scope = check.model.scope(id);
    let is_own =
        |it: &Directive<'_>| scope.last(&it.name()).is_some_and(|own| own.place() == it.place());
    if let Some(culprit) = culprit.filter(is_own) {
        diagnostic.label.place = culprit.place();
    }
    let here = diagnostic.label.place;
    for other in all.iter().flatten().filter(|other| other.place() != here) {
        diagnostic = diagnostic.also(other.place(), "with this");
    }
    check.say(diagnostic);
}
