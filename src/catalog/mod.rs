//! What nginx knows: its directives and its versions, as data and look-ups.
//!
//! The data is `directives.tsv`, written by `examples/catalog.rs` from facts that were
//! read off nginx's source. Nothing in here looks at a configuration.

mod version;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use version::{ParseVersionError, Version};

/// What a directive ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `;`
    Simple,
    /// Directives between braces.
    Block,
    /// Entries between braces whose first word is data, as in `map`.
    Entries,
    /// Lua code between braces.
    Lua,
}

/// What the one value of a directive is, where it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// `on` or `off`, in any letter case.
    Flag,
    /// A time, counted in milliseconds.
    Milliseconds,
    /// A time, counted in seconds.
    Seconds,
    /// A size with `k` or `m`.
    Size,
    /// A length with `k`, `m` or `g`.
    Length,
}

/// One directive in the contexts where it means the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it ends in.
    pub form: Form,
    /// The contexts where it may stand, comma-separated, as in `http,server,location`.
    contexts: &'static str,
    /// What its one value is.
    pub value: Option<ValueType>,
}

impl Entry {
    /// The contexts where it may stand, by nginx's names; `any` stands for all.
    pub fn contexts(self) -> impl Iterator<Item = &'static str> {
        self.contexts.split(',')
    }
}

static DIRECTIVES: LazyLock<HashMap<&'static str, Vec<Entry>>> = LazyLock::new(|| {
    let mut directives: HashMap<_, Vec<Entry>> = HashMap::with_capacity(2048);
    for line in include_str!("directives.tsv").lines() {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let name = field();
        let form = match field() {
            "{" => Form::Block,
            "map" => Form::Entries,
            "lua" => Form::Lua,
            _ => Form::Simple,
        };
        let contexts = field();
        let value = match field() {
            "flag" => Some(ValueType::Flag),
            "msec" => Some(ValueType::Milliseconds),
            "sec" => Some(ValueType::Seconds),
            "size" => Some(ValueType::Size),
            "off" => Some(ValueType::Length),
            _ => None,
        };
        directives.entry(name).or_default().push(Entry { form, contexts, value });
    }
    directives
});

/// What is known of a directive: one entry for each set of contexts; none if unknown.
pub fn directive(name: &str) -> &'static [Entry] {
    DIRECTIVES.get(name).map_or(&[], Vec::as_slice)
}
