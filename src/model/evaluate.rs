//! The values of texts in a place, of a request that is known in part.
//!
//! `runtime` evaluates; here is what it is asked, and what its answers are to rules.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::catalog::Context;
use crate::runtime::config::{Instruction, Template};
use crate::runtime::{Request, Router};
use crate::source::Place;

use super::map::{Entry, Map};
use super::settings::template;
use super::{Model, Probe, ScopeId, Value, compile};

/// The variables of a configuration, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Evaluator {
    router: Router,
    /// By variable: the map's index, and its entries in match order.
    maps: HashMap<String, (usize, Vec<Place>)>,
    requests: RefCell<HashMap<Probe, Rc<Request>>>,
    /// The rewrite programs of the scopes that somebody asked for.
    programs: RefCell<HashMap<ScopeId, Rc<[Instruction]>>>,
}

impl Evaluator {
    pub(super) fn new(model: &Model<'_>) -> Self {
        let (mut config, entries) = compile::variables(model);
        let mut all = std::mem::take(&mut config.maps);
        let mut maps = HashMap::new();
        for (map, entries) in all.drain(..).zip(entries) {
            // What a `set` gives another value is known only where that `set` runs.
            if model.is_set(&map.variable) {
                continue;
            }
            let places = entries.iter().map(|entry| entry.place()).collect();
            maps.insert(map.variable.clone(), (config.maps.len(), places));
            config.maps.push(map);
        }
        let router = Router::new(config).expect("variables alone name nothing that may be missing");
        Self { router, maps, requests: RefCell::default(), programs: RefCell::default() }
    }

    fn request(&self, probe: Probe) -> Rc<Request> {
        let make = || Rc::new(probe.request());
        Rc::clone(self.requests.borrow_mut().entry(probe).or_insert_with(make))
    }

    fn program(&self, model: &Model<'_>, scope: ScopeId) -> Rc<[Instruction]> {
        let compile = || compile::program(model, scope).into();
        Rc::clone(self.programs.borrow_mut().entry(scope).or_insert_with(compile))
    }
}

impl<'p> Model<'p> {
    /// What a text with variables is for a request that `scope` handles.
    pub fn evaluate(&self, text: &str, scope: ScopeId, probe: &Probe) -> Value {
        let text = template(text);
        self.values(&[&text], scope, probe).pop().unwrap_or(Value::Unknown)
    }

    /// The same of several texts.
    pub(super) fn values(&self, texts: &[&Template], scope: ScopeId, probe: &Probe) -> Vec<Value> {
        let evaluator = self.evaluator();
        let programs: Vec<_> =
            self.programs_of(scope).into_iter().map(|id| evaluator.program(self, id)).collect();
        let programs: Vec<&[Instruction]> = programs.iter().map(AsRef::as_ref).collect();
        let request = evaluator.request(*probe);
        let values = evaluator.router.values(&programs, texts, &request);
        let known = |value: Result<Vec<u8>, _>| match value {
            Ok(value) => Value::Known(String::from_utf8_lossy(&value).into_owned()),
            Err(_) => Value::Unknown,
        };
        values.into_iter().map(known).collect()
    }

    /// The scopes whose programs a request runs that `scope` handles: the server, the
    /// location, and the `if` in it.
    pub(super) fn programs_of(&self, scope: ScopeId) -> Vec<ScopeId> {
        if self.definitions.is_empty() {
            return Vec::new();
        }
        let mut scopes = Vec::new();
        for id in self.ancestors(scope) {
            match self.scope(id).context {
                Context::Location if !scopes.iter().any(|&it| self.is_location(it)) => {
                    scopes.push(id);
                }
                Context::IfInLocation | Context::Server => scopes.push(id),
                _ => {}
            }
        }
        scopes.reverse();
        scopes
    }

    pub(super) fn is_location(&self, scope: ScopeId) -> bool {
        self.scope(scope).context == Context::Location
    }

    /// The entry of a map that a text leads to: `Some(None)` if none does, and `None` if that
    /// cannot be known.
    pub fn find_entry<'m>(&self, map: &'m Map<'p>, text: &str) -> Option<Option<&'m Entry<'p>>> {
        let (index, places) = self.evaluator().maps.get(&map.variable)?;
        let Some(found) = self.evaluator().router.find_entry(*index, text.as_bytes()).ok()? else {
            return Some(map.default_entry());
        };
        let place = places.get(found)?;
        Some(map.entries.iter().find(|entry| entry.directive.place() == *place))
    }

    /// The value that a text leads to, with variables; `None` if that cannot be known.
    pub fn map_value(&self, map: &Map<'p>, text: &str) -> Option<String> {
        let entry = self.find_entry(map, text)?;
        Some(entry.map_or(String::new(), |entry| entry.value.clone()))
    }
}
