//! What every directive comes to in a place of the configuration.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use crate::catalog::Context;
use crate::model::{Model, ScopeId, Setting};
use crate::source::{visible, visible_json};
use crate::syntax::Body;
use crate::syntax::value::{Match, location};

use super::backend::level_rows;
use super::page::{Page, Row, Style};
use super::words;

/// Which settings somebody wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these; all if there is none.
    pub names: Vec<String>,
    /// Also those that are nowhere written, with their defaults.
    pub defaults: bool,
}

impl Wanted {
    fn of<'p>(&self, model: &Model<'p>, scope: ScopeId) -> Vec<Setting<'p>> {
        let mut settings = if self.names.is_empty() {
            model.settings(scope)
        } else {
            self.names.iter().filter_map(|name| model.setting(scope, name)).collect()
        };
        let is_shown = |it: &Setting<'_>| !it.lines.is_empty() || self.defaults;
        settings.retain(|setting| is_shown(setting) || !self.names.is_empty());
        settings
    }
}

/// The scopes that a person means by `/ws/`, `= /x`, `~ \.php$`, `@name`, `http`, `server`,
/// `server example.com`, `upstream app` or `FILE:LINE`, in the order of the configuration.
pub fn find(model: &Model<'_>, text: &str) -> Vec<ScopeId> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let found: Vec<ScopeId> = match words[..] {
        _ if Context::named(text).is_some() => {
            let context = Context::named(text);
            model.scope_ids().filter(|id| Some(model.scope(*id).context) == context).collect()
        }
        ["server", name] => of_server(model, name),
        ["upstream", name] => {
            let is_it = |id: &ScopeId| {
                let scope = model.scope(*id);
                let opener = scope.opener.and_then(|opener| opener.arg(0));
                scope.context == Context::Upstream && opener.is_some_and(|it| it == name)
            };
            model.scope_ids().filter(is_it).collect()
        }
        ["location", ref rest @ ..] | ref rest => of_location(model, rest),
    };
    if !found.is_empty() {
        return found;
    }
    let Some((file, line)) = text.rsplit_once(':') else { return found };
    line.parse().map_or_else(|_| Vec::new(), |line| at_line(model, file, line))
}

fn of_server(model: &Model<'_>, name: &str) -> Vec<ScopeId> {
    let is_it = |id: &ScopeId| {
        let scope = model.scope(*id);
        let mut names = scope.all("server_name").iter().flat_map(|line| line.arg_values());
        scope.context == Context::Server && names.any(|it| it.eq_ignore_ascii_case(name))
    };
    model.scope_ids().filter(is_it).collect()
}

fn of_location(model: &Model<'_>, words: &[&str]) -> Vec<ScopeId> {
    let wanted: Option<Match> = location(words);
    let is_it = |id: &ScopeId| wanted.is_some() && model.scope(*id).location() == wanted;
    model.scope_ids().filter(is_it).collect()
}

/// The innermost blocks around a line; one for each time that the file is included.
fn at_line(model: &Model<'_>, file: &str, line: u32) -> Vec<ScopeId> {
    let is_file = |source: &crate::source::Source| {
        source.path == std::path::Path::new(file) || source.path.ends_with(file)
    };
    let is_around = |id: &ScopeId| {
        model.scope(*id).opener.is_some_and(|opener| {
            let (source, span) = (opener.source, opener.span());
            let lines = source.line(span.start)..=source.line(span.end.saturating_sub(1));
            is_file(source) && opener.body() != Body::None && lines.contains(&line)
        })
    };
    let mut around: Vec<ScopeId> = model.scope_ids().filter(is_around).collect();
    let outer: HashSet<ScopeId> =
        around.iter().flat_map(|&id| model.ancestors(id).skip(1)).collect();
    around.retain(|id| !outer.contains(id));
    if !around.is_empty() {
        return around;
    }
    // Outside all blocks of the file: where it is included.
    let holds = |id: &ScopeId| {
        let mut sources = model.scope(*id).lines().iter().map(|line| line.directive.source);
        let opener = model.scope(*id).opener;
        sources.any(is_file) && !opener.is_some_and(|opener| is_file(opener.source))
    };
    let within = |source: &crate::source::Source| is_file(source) && line <= source.line_count();
    let exists = model.project.files().iter().any(|file| within(&file.source));
    if exists { model.scope_ids().filter(holds).collect() } else { Vec::new() }
}

/// The settings of scopes for people, by the level that each comes from.
pub fn settings(
    model: &Model<'_>,
    scopes: &[ScopeId],
    wanted: &Wanted,
    colour: bool,
    width: usize,
) -> String {
    let mut page = Page::new(colour, width);
    for &scope in scopes {
        page.heading(&title(model, scope));
        let settings = wanted.of(model, scope);
        for level in model.ancestors(scope) {
            let rows = level_rows(&settings, level);
            if !rows.is_empty() {
                page.say(Style::Bold, &format!("of {}", words::block(model, level)));
                page.rows(&rows);
            }
        }
        let defaults: Vec<Row> = settings.iter().flat_map(default_rows).collect();
        if !defaults.is_empty() {
            page.say(Style::Bold, &format!("defaults of nginx {}", model.version));
            page.rows(&defaults);
        }
        for name in wanted.names.iter().filter(|name| model.setting(scope, name).is_none()) {
            let text =
                format!("{}: no directive is named so, or it is for other places", visible(name));
            page.say(Style::Bad, &text);
        }
        if settings.is_empty() && wanted.names.is_empty() {
            page.say(Style::Plain, "nothing is set here");
        }
    }
    page.into_text()
}

/// What is said of a directive that is nowhere written.
fn default_rows(setting: &Setting<'_>) -> Vec<Row> {
    if !setting.lines.is_empty() {
        return Vec::new();
    }
    if setting.default.is_empty() {
        return vec![vec![
            (Style::Plain, format!("  {}", visible(&setting.name))),
            (Style::Dim, "(not set)".to_owned()),
        ]];
    }
    let row = |arguments: &str| {
        let text = format!("  {} {arguments}", setting.name);
        vec![(Style::Plain, text), (Style::Dim, "(default)".to_owned())]
    };
    setting.default.split("; ").map(row).collect()
}

/// A scope with those around it, and where it begins.
fn title(model: &Model<'_>, scope: ScopeId) -> String {
    let around: Vec<String> = model
        .ancestors(scope)
        .filter(|id| {
            !matches!(model.scope(*id).context, Context::Main | Context::Http) || *id == scope
        })
        .map(|id| words::block(model, id))
        .collect();
    let place = model
        .scope(scope)
        .opener
        .map_or_else(String::new, |opener| format!(" ({})", words::at(opener)));
    format!("{}{place}", around.join(", in "))
}

/// The settings of scopes as one JSON document.
pub fn settings_json(model: &Model<'_>, scopes: &[ScopeId], wanted: &Wanted) -> String {
    let place = |scope: &ScopeId| -> Json {
        let opener = model.scope(*scope).opener;
        let path = opener.map(|opener| opener.source.name().into_owned());
        let line = opener.map(|opener| opener.source.line(opener.span().start));
        let settings: Vec<Json> =
            wanted.of(model, *scope).iter().map(|it| setting(model, it)).collect();
        json!({
            "block": words::block(model, *scope), "path": path, "line": line, "settings": settings,
        })
    };
    let places: Vec<Json> = scopes.iter().map(place).collect();
    let document = json!({
        "version": 1, "nginx_version": model.version.to_string(), "places": places,
    });
    visible_json(format!("{document}\n"))
}

fn setting(model: &Model<'_>, setting: &Setting<'_>) -> Json {
    let line = |(scope, line): &(ScopeId, crate::syntax::Directive<'_>)| {
        json!({
            "arguments": line.arg_values().collect::<Vec<_>>(),
            "path": line.source.name(),
            "line": line.source.line(line.span().start),
            "block": words::block(model, *scope),
        })
    };
    let lines: Vec<Json> = setting.lines.iter().map(line).collect();
    let default = (!setting.default.is_empty()).then_some(setting.default);
    json!({ "name": setting.name, "lines": lines, "default": default })
}
