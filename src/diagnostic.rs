//! What ngxc has to say: facts about places, their remedy, and the edits that mend them.
//!
//! Nothing here prints, and nothing here knows how a finding was made.

use crate::source::Place;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Advice; shown on request.
    Info,
    /// It works, and you will regret it.
    Warning,
    /// It does not work.
    Error,
}

impl Severity {
    /// The word in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Which promise a finding belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The text is not nginx's language.
    Syntax,
    /// nginx would reject the configuration.
    Validate,
    /// nginx accepts it, and it is a mistake.
    Lint,
}

impl Kind {
    /// The word in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Validate => "validate",
            Self::Lint => "lint",
        }
    }
}

/// A remark at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
}

/// Whether an edit may be made without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// It cannot change what a correct configuration did.
    Safe,
    /// It changes what some backend or client sees; a person decides.
    Unsafe,
}

impl Applicability {
    /// The word in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Text that takes the place of other text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// What goes; an empty range inserts.
    pub place: Place,
    /// What comes, in the encoding of the source's text.
    pub text: String,
}

/// Edits that belong together: all are made, or none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fix {
    /// What the edits do, as an order.
    pub title: String,
    /// Whether it may be applied without asking.
    pub applicability: Applicability,
    /// The edits, in any order, not overlapping.
    pub edits: Vec<Edit>,
}

/// What of a header is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// This value.
    Value(String),
    /// What this text comes to, which depends on what only nginx or the client knows.
    Unknown(String),
    /// The header is not sent.
    Nothing,
}

/// A header that a backend gets, or does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedHeader {
    /// Its name.
    pub name: &'static str,
    /// What the backend gets.
    pub value: Sent,
    /// The line that sets it; none if nginx does so by itself, or if nothing does.
    pub from: Option<Place>,
}

/// What a backend gets of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The request line; `…` stands for a path that is not known.
    pub line: String,
    /// The line that sets the version of HTTP; none if nginx's default counts.
    pub version_from: Option<Place>,
    /// `Upgrade`, `Connection` and `Host`, each at least once.
    pub headers: Vec<ReceivedHeader>,
}

/// What a backend gets: the reason for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// What goes out to it.
    Received {
        /// Of a WebSocket handshake.
        handshake: Received,
        /// Of a request like any other.
        plain: Received,
    },
    /// No handshake that comes to the place goes out to a backend.
    NoHandshake,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's name, kebab-case.
    pub rule: &'static str,
    /// The promise it belongs to.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// The fact.
    pub message: String,
    /// The culprit, and what is wrong there in a few words.
    pub label: Label,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// What the backend gets, where that is what is wrong.
    pub evidence: Option<Box<Evidence>>,
    /// The remedy.
    pub help: Option<String>,
    /// The edits that mend it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding with the fact and the culprit; the rest is added by the methods below.
    pub fn new(
        kind: Kind,
        rule: &'static str,
        severity: Severity,
        place: Place,
        message: impl Into<String>,
    ) -> Self {
        let label = Label { place, message: String::new() };
        Self {
            rule,
            kind,
            severity,
            message: message.into(),
            label,
            labels: Vec::new(),
            evidence: None,
            help: None,
            fix: None,
        }
    }

    /// The same with a few words at the culprit.
    #[must_use]
    pub fn here(mut self, message: impl Into<String>) -> Self {
        self.label.message = message.into();
        self
    }

    /// The same with one more place that explains it.
    #[must_use]
    pub fn also(mut self, place: Place, message: impl Into<String>) -> Self {
        self.labels.push(Label { place, message: message.into() });
        self
    }

    /// The same with what the backend gets.
    #[must_use]
    pub fn evidence(mut self, evidence: impl Into<Option<Evidence>>) -> Self {
        self.evidence = evidence.into().map(Box::new);
        self
    }

    /// The same with its remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with the edits that mend it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl Fix {
    /// Edits that may be made without asking.
    pub fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), applicability: Applicability::Safe, edits }
    }

    /// Edits that a person has to agree to.
    pub fn risky(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), applicability: Applicability::Unsafe, edits }
    }
}
