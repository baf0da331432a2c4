//! `proxy_redirect`: how an answer's `Location` and `Refresh` change, with the rules that nginx
//! makes where nobody writes any.

use crate::runtime::config::{Pattern, Redirect, Redirects, Template};
use crate::syntax::Directive;
use crate::syntax::address::http_url;

use super::settings::template;
use super::{Model, ScopeId};

impl Model<'_> {
    /// The rules that count in a scope. nginx merges from the outside in: rules that a default
    /// gave to a scope are inherited like any other.
    pub(super) fn redirects(&self, scope: ScopeId) -> Redirects {
        let chain: Vec<ScopeId> = self.ancestors(scope).collect();
        let mut is_off = false;
        let mut rules: Option<Vec<Redirect>> = None;
        for &id in chain.iter().rev() {
            let lines = self.scope(id).all("proxy_redirect");
            let is_word = |line: &Directive<'_>| line.args().len() == 1;
            if lines.iter().any(|line| is_word(line) && line.arg(0).as_deref() == Some("off")) {
                is_off = true;
                continue;
            }
            if !lines.is_empty() {
                is_off = false;
                rules = Some(lines.iter().filter_map(|line| self.redirect(id, *line)).collect());
            } else if !is_off && rules.is_none() {
                rules = self.default_redirect(id).map(|rule| vec![rule]);
            }
        }
        if is_off { Redirects::Off } else { Redirects::Rules(rules.unwrap_or_default()) }
    }

    fn redirect(&self, scope: ScopeId, line: Directive<'_>) -> Option<Redirect> {
        let from = line.arg(0)?;
        let Some(to) = line.arg(1) else { return self.default_redirect(scope) };
        let to = template(&to);
        Some(match from.strip_prefix('~') {
            Some(regex) => {
                let (regex, caseless) =
                    regex.strip_prefix('*').map_or((regex, false), |regex| (regex, true));
                Redirect::Regex { pattern: Pattern::new(regex, caseless).ok()?, to }
            }
            None => Redirect::Prefix { from: template(&from), to },
        })
    }

    /// `default`: what the backend calls by its own URL is the location's.
    fn default_redirect(&self, scope: ScopeId) -> Option<Redirect> {
        let url = self.scope(scope).last("proxy_pass")?.arg(0)?;
        if url.contains('$') {
            return None;
        }
        let has_uri = !http_url(&url)?.address.uri.is_empty();
        let (from, to) = match self.replaced_path(scope) {
            Some(path) if has_uri => (url.into_owned(), path),
            _ => (format!("{url}/"), "/".to_owned()),
        };
        Some(Redirect::Prefix { from: Template::literal(&from), to: Template::literal(&to) })
    }
}
