//! What nginx knows: its directives, variables and versions, as data and look-ups.
//!
//! The data is `directives.tsv` and `variables.tsv`, written by `examples/catalog.rs` from
//! facts that were read off nginx's source; the example says what their columns are.
//! Nothing in here looks at a configuration.

mod context;
mod near;
mod target;
mod version;

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

pub use context::{Context, Contexts};
pub use near::distance;
pub use target::{Module, ParseModuleError, Target};
pub use version::{Epoch, ParseVersionError, Version, Versions};

/// What a directive ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `;`
    Simple,
    /// Directives between braces.
    Block(Context),
    /// Entries between braces whose first word is data, as in `map`.
    Entries,
    /// Lua code between braces.
    Lua,
}

/// How many arguments a directive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts(u16);

impl Counts {
    const MANY: u32 = 15;

    /// Reads `1,2`, `2+`, or `?` for any number.
    fn parse(text: &str) -> Self {
        if let Some(least) = text.strip_suffix('+') {
            return Self(u16::MAX << least.parse::<u32>().unwrap_or(0));
        }
        let counts = text.split(',').filter_map(|count| count.parse::<u32>().ok());
        let set = counts.fold(0, |set, count| set | 1 << count);
        Self(if set == 0 { u16::MAX } else { set })
    }

    /// True if it takes so many.
    pub fn contain(self, count: usize) -> bool {
        let bit = u32::try_from(count).unwrap_or(Self::MANY).min(Self::MANY);
        self.0 & 1 << bit != 0
    }

    /// True if it takes one argument and no other number of them.
    pub const fn is_one(self) -> bool {
        self.0 == 1 << 1
    }

    /// As in "no arguments", "1 or 2 arguments" or "2 or more arguments".
    pub fn describe(self) -> String {
        if self.contain(Self::MANY as usize) {
            return match self.0.trailing_zeros() {
                0 => "any number of arguments".to_owned(),
                least => format!("{least} or more arguments"),
            };
        }
        let counts: Vec<String> = (0..=Self::MANY as usize)
            .filter(|&count| self.contain(count))
            .map(|count| count.to_string())
            .collect();
        match counts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["0"] => "no arguments".to_owned(),
            ["1"] => "1 argument".to_owned(),
            [.., last] if counts.len() > 1 => {
                format!("{} or {last} arguments", counts[..counts.len() - 1].join(", "))
            }
            _ => format!("{} arguments", counts.concat()),
        }
    }
}

/// What the arguments of a directive are, by the function that reads them
/// (`ngx_conf_set_*_slot`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// `on` or `off`, in any letter case.
    Flag,
    /// Text.
    Text,
    /// A number.
    Number,
    /// A size with `k` or `m`.
    Size,
    /// A length with `k`, `m` or `g`.
    Length,
    /// A time, counted in milliseconds.
    Milliseconds,
    /// A time, counted in seconds.
    Seconds,
    /// How many buffers, and how large each is.
    Buffers,
    /// MIME types.
    Types,
    /// One of some words.
    Enum,
    /// Some of some words.
    Bitmask,
    /// A path and how many characters its levels of directories have.
    Path,
    /// Who may read and write files.
    Access,
    /// Text with variables.
    Complex,
    /// A size, or text with variables.
    ComplexSize,
    /// Texts with variables.
    Predicate,
    /// A name and its value.
    KeyValue,
    /// What nginx's function of this name reads, or what nobody knows if it is empty.
    Handler(&'static str),
}

impl ValueType {
    fn parse(text: &'static str) -> Self {
        match text {
            "flag" => Self::Flag,
            "str" | "str_array" | "include" => Self::Text,
            "types" => Self::Types,
            "num" => Self::Number,
            "size" => Self::Size,
            "off" => Self::Length,
            "msec" => Self::Milliseconds,
            "sec" => Self::Seconds,
            "bufs" => Self::Buffers,
            "enum" => Self::Enum,
            "bitmask" => Self::Bitmask,
            "path" => Self::Path,
            "access" => Self::Access,
            "complex_value" => Self::Complex,
            "complex_size" => Self::ComplexSize,
            "predicate" => Self::Predicate,
            "keyval" => Self::KeyValue,
            handler => Self::Handler(handler),
        }
    }
}

/// What a block does with the lines of a directive that stand in the blocks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherit {
    /// The nearest block that has it counts: a single value.
    Value,
    /// The nearest block that has it counts, with all of its lines there; those further out
    /// count no more.
    Replace,
    /// Each block for itself.
    No,
    /// Nobody knows.
    Unknown,
}

/// One directive in the contexts and versions where it means the same.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// The versions that this is true of.
    pub epoch: Epoch,
    /// What it ends in.
    pub form: Form,
    /// Where it may stand.
    pub contexts: Contexts,
    /// How many arguments it takes.
    pub counts: Counts,
    /// What its arguments are.
    pub value: ValueType,
    /// The words that it takes, comma-separated; bounds as in `1-9`; or the name of
    /// nginx's function that looks at the value after it was read.
    pub detail: &'static str,
    /// A second one in a block is an error.
    pub is_single: bool,
    /// The package that brings it, `plus` for NGINX Plus; empty for nginx itself.
    pub origin: &'static str,
    /// What to use instead; empty if it is not deprecated.
    pub deprecated: &'static str,
    /// Its arguments as the documentation writes them; empty if unknown.
    pub syntax: &'static str,
    /// The arguments that count where no line says otherwise, several lines separated by
    /// `; `; empty if nothing counts then, or unknown.
    pub default: &'static str,
    /// What becomes of it in inner blocks.
    pub inherit: Inherit,
}

impl Entry {
    fn parse(line: &'static str) -> Self {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        Self {
            name: field(),
            epoch: Epoch::parse(field()),
            form: match field() {
                "map" => Form::Entries,
                "lua" => Form::Lua,
                // Which of the two `if` contexts depends on where it stands.
                "{if" => Form::Block(Context::IfInLocation),
                form => match form.strip_prefix('{') {
                    Some(name) => Form::Block(Context::named(name).unwrap_or(Context::Unknown)),
                    None => Form::Simple,
                },
            },
            contexts: Contexts::parse(field()),
            counts: Counts::parse(field()),
            value: ValueType::parse(field()),
            detail: field(),
            is_single: field() == "dup",
            origin: field(),
            deprecated: field(),
            syntax: field(),
            default: field(),
            inherit: match field() {
                "value" => Inherit::Value,
                "array-replace" => Inherit::Replace,
                "none" => Inherit::No,
                _ => Inherit::Unknown,
            },
        }
    }
}

/// The lines about one name, and what they say once somebody asked.
struct Lines {
    text: &'static str,
    entries: OnceLock<Vec<Entry>>,
}

/// By name. Most names are never asked for, so their lines are not read before.
static DIRECTIVES: LazyLock<HashMap<&'static str, Lines>> = LazyLock::new(|| {
    let text = include_str!("directives.tsv");
    let mut directives = HashMap::with_capacity(2048);
    let (mut start, mut end) = (0, 0);
    let mut name = "";
    for line in text.split_inclusive('\n') {
        let next = line.split('\t').next().unwrap_or_default();
        if next != name {
            let lines = Lines { text: &text[start..end], entries: OnceLock::new() };
            directives.insert(name, lines);
            (name, start) = (next, end);
        }
        end += line.len();
    }
    directives.insert(name, Lines { text: &text[start..], entries: OnceLock::new() });
    directives.remove("");
    directives
});

/// What is known of a directive: one entry for each set of contexts and versions; none if
/// it is unknown.
pub fn directive(name: &str) -> &'static [Entry] {
    let Some(lines) = DIRECTIVES.get(name) else { return &[] };
    lines.entries.get_or_init(|| lines.text.lines().map(Entry::parse).collect())
}

/// The names of all directives, in no order.
pub fn directive_names() -> impl Iterator<Item = &'static str> {
    DIRECTIVES.keys().copied()
}

/// A variable that nginx or a module defines.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name without `$`; of a family, as in `$arg_name`, what all names begin with.
    pub name: &'static str,
    /// The name begins those of a family.
    pub is_family: bool,
    /// The versions that have it.
    pub epoch: Epoch,
    /// `http` or `stream`; `log_format` for what only that has.
    pub protocol: &'static str,
    /// A configuration may define it anew.
    pub is_changeable: bool,
    /// The module that brings it, `plus` for NGINX Plus; empty for nginx itself.
    pub origin: &'static str,
}

static VARIABLES: LazyLock<Vec<Variable>> = LazyLock::new(|| {
    let lines = include_str!("variables.tsv").lines();
    let variable = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let name = field();
        Variable {
            name: name.trim_end_matches('*'),
            is_family: name.ends_with('*'),
            epoch: Epoch::parse(field()),
            protocol: field(),
            is_changeable: field() == "c",
            origin: field(),
        }
    };
    lines.map(variable).collect()
});

/// All variables that nginx and its modules define, by name.
pub fn variables() -> &'static [Variable] {
    &VARIABLES
}
