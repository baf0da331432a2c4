//! The directives of the rewrite module, as a program.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Handler, Pattern, Place, Template};

/// One step of a rewrite program; they run in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Instruction {
    /// `set`
    Set {
        /// Its name, in lower case and without `$`.
        variable: String,
        /// Its value.
        #[serde(default, skip_serializing_if = "Template::is_empty")]
        value: Template,
        /// The directive.
        at: Place,
    },
    /// `if`
    If {
        /// What has to be true.
        condition: Condition,
        /// What is done then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        then: Vec<Instruction>,
        /// In a location: what happens to the request instead of what the location says, unless
        /// another `if` is true later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handler: Option<Box<Handler>>,
        /// The directive.
        at: Place,
    },
    /// `rewrite`: if the path matches, it becomes the replacement.
    Rewrite {
        /// What the path has to match.
        pattern: Pattern,
        /// The new path, with arguments behind a `?`; or a URL.
        #[serde(default, skip_serializing_if = "Template::is_empty")]
        replacement: Template,
        /// The replacement ends in `?`, which is left out here: the arguments of the request
        /// are not kept.
        #[serde(default, skip_serializing_if = "super::is_false")]
        drops_arguments: bool,
        /// What happens after a match.
        flag: RewriteFlag,
        /// The directive.
        at: Place,
    },
    /// `return`: the request is answered.
    Return {
        /// The status; 444 closes the connection without an answer.
        status: u16,
        /// The text of the answer; of a redirect, the URL. None is nginx's page for the status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Template>,
        /// The directive.
        at: Place,
    },
    /// `break`: the program ends.
    Break {
        /// The directive.
        at: Place,
    },
}

/// What happens after a `rewrite` matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewriteFlag {
    /// The program goes on; at its end, a location is looked for again.
    None,
    /// The program ends, and a location is looked for again.
    Last,
    /// The program ends, and the request stays in its location.
    Break,
    /// The client is redirected with status 302.
    Redirect,
    /// The client is redirected with status 301.
    Permanent,
}

/// What an `if` asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// `($variable)`: it is neither empty nor `0`.
    IsSet {
        /// The variable.
        variable: String,
    },
    /// `($variable = text)`, by bytes.
    Equals {
        /// The variable.
        variable: String,
        /// The text.
        #[serde(default, skip_serializing_if = "Template::is_empty")]
        value: Template,
        /// `!=`
        #[serde(default, skip_serializing_if = "super::is_false")]
        negated: bool,
    },
    /// `($variable ~ regex)`
    Matches {
        /// The variable.
        variable: String,
        /// The expression.
        pattern: Pattern,
        /// `!~`
        #[serde(default, skip_serializing_if = "super::is_false")]
        negated: bool,
    },
    /// `(-f path)`: only the machine knows.
    File {
        /// What is asked of the path.
        is: FileTest,
        /// The path.
        path: Template,
        /// `!-f`
        #[serde(default, skip_serializing_if = "super::is_false")]
        negated: bool,
    },
}

/// What an `if` asks of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileTest {
    /// `-f`
    File,
    /// `-d`
    Directory,
    /// `-e`
    Exists,
    /// `-x`
    Executable,
}
