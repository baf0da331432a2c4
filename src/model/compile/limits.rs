//! `limit_req` and `limit_conn` with their zones.

use crate::model::ScopeId;
use crate::runtime::config::{Config, LimitConn, LimitConnZone, LimitReq, LimitReqZone};
use crate::syntax::Directive;
use crate::syntax::value::number;

use super::Compilation;

/// What nginx answers to a request above a limit if nobody says otherwise.
const UNAVAILABLE: u64 = 503;

/// Adds the zones of an `http {}`.
pub(super) fn zones(compilation: &mut Compilation<'_, '_>, http: ScopeId, config: &mut Config) {
    let scope = compilation.model.scope(http);
    for &line in scope.all("limit_req_zone") {
        let Some(name) = zone_name(compilation, line) else { continue };
        config.limit_req_zones.push(LimitReqZone {
            name,
            key: compilation.template_arg(line, 0),
            requests_per_1000_s: rate(compilation, line),
            at: compilation.place(line),
        });
    }
    for &line in scope.all("limit_conn_zone") {
        let Some(name) = zone_name(compilation, line) else { continue };
        config.limit_conn_zones.push(LimitConnZone {
            name,
            key: compilation.template_arg(line, 0),
            at: compilation.place(line),
        });
    }
}

/// The name in `zone=name:size`; what else a zone says must be known.
fn zone_name(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> Option<String> {
    let mut name = None;
    for word in line.arg_values().skip(1) {
        match word.split_once('=') {
            Some(("zone", value)) => {
                name = value.split_once(':').map(|(name, _)| name.to_owned());
            }
            Some(("rate", _)) => {}
            _ => unknown(compilation, line, &word),
        }
    }
    if name.is_none() {
        let reason = "it names no zone";
        compilation.unsupported(compilation.place(line), line.name(), reason);
    }
    name
}

/// `rate=` in requests each 1000 seconds; one a second without it.
fn rate(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> u64 {
    let word = line.arg_values().find(|word| word.starts_with("rate="));
    let Some(word) = word else { return 1000 };
    let text = word.trim_start_matches("rate=");
    let (count, scale) = match text.strip_suffix("r/m") {
        Some(count) => (count, 60),
        None => (text.strip_suffix("r/s").unwrap_or(text), 1),
    };
    let rate = number(count).and_then(|count| u64::try_from(count).ok()?.checked_mul(1000));
    rate.map_or_else(
        || {
            unknown(compilation, line, &word);
            1000
        },
        |rate| rate / scale,
    )
}

fn unknown(compilation: &mut Compilation<'_, '_>, line: Directive<'_>, word: &str) {
    let what = format!("{} {word}", line.name());
    compilation.unsupported(compilation.place(line), what, "this parameter is not known");
}

/// The `limit_req` lines that count in a scope.
pub(super) fn requests(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Vec<LimitReq> {
    let status = status(compilation, scope, "limit_req_status");
    let lines = compilation.model.effective(scope, "limit_req").map_or(&[][..], |(_, it)| it);
    lines.iter().filter_map(|&line| request(compilation, line, status)).collect()
}

fn request(
    compilation: &mut Compilation<'_, '_>,
    line: Directive<'_>,
    status: u16,
) -> Option<LimitReq> {
    let (mut zone, mut burst, mut delay, mut is_undelayed) = (None, 0, 0, false);
    let count = |text: &str| u64::try_from(number(text)?).ok();
    for word in line.arg_values() {
        match word.split_once('=') {
            Some(("zone", name)) => zone = Some(name.to_owned()),
            Some(("burst", text)) => burst = count(text).unwrap_or_default(),
            Some(("delay", text)) => delay = count(text).unwrap_or_default(),
            None if word == "nodelay" => is_undelayed = true,
            _ => unknown(compilation, line, &word),
        }
    }
    let delay_after = if is_undelayed { burst } else { delay };
    Some(LimitReq { zone: zone?, burst, delay_after, status, at: compilation.place(line) })
}

/// The `limit_conn` lines that count in a scope.
pub(super) fn connections(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Vec<LimitConn> {
    let status = status(compilation, scope, "limit_conn_status");
    let lines = compilation.model.effective(scope, "limit_conn").map_or(&[][..], |(_, it)| it);
    let limit = |line: &Directive<'_>| {
        let connections = u64::try_from(number(&line.arg(1)?)?).ok()?;
        let zone = line.arg(0)?.into_owned();
        Some(LimitConn { zone, connections, status, at: compilation.place(*line) })
    };
    lines.iter().filter_map(limit).collect()
}

fn status(compilation: &Compilation<'_, '_>, scope: ScopeId, name: &str) -> u16 {
    let status = compilation.model.number_of(scope, name, UNAVAILABLE);
    u16::try_from(status).unwrap_or(503)
}
