//! Text to tree: nginx's language without its meaning.
//!
//! [`parse`] never fails: it gives a [`Tree`] of what could be read and a
//! diagnostic for each thing that nginx would reject. Nothing in here knows what
//! a directive means.

pub mod address;
pub mod atoms;
mod build;
mod lexer;
mod lua;
mod placeholder;
pub mod regex;
mod tree;
pub mod value;

pub use build::parse;
pub use lexer::{Token, TokenKind, tokens};
pub use placeholder::Role;
pub(crate) use placeholder::UNKNOWN;
pub use tree::{Body, Comment, Directive, Item, Placeholder, Quote, Tree, Word};

/// The deepest nesting of blocks that ngxc reads, so that every walk over a tree
/// may recurse. Real configurations stay below ten.
pub const MAX_DEPTH: usize = 50;
