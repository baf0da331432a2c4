//! What nginx would do, as data, and what it does with a request.
//!
//! [`Config`] is the data: types with serde, made by `ngxc emit --to runtime`. [`Router`]
//! loads it and says what becomes of a request. Nothing in here reads files, and nothing
//! knows of the directives of the configuration that it was made of, so that a proxy can use
//! it without the rest.
//!
//! What nginx does is that of the version in the configuration; comments name the functions
//! of nginx that were followed.

mod access;
mod builtin;
pub mod config;
mod definitions;
mod errors;
mod fates;
mod flow;
mod indices;
mod judge;
mod names;
mod outcome;
mod phases;
mod receive;
mod request;
mod rewrite;
mod router;
mod search;
mod tables;
mod upstream;
mod uri;

pub use config::Config;
pub use indices::LoadError;
pub use outcome::{
    Answer, Fate, HeaderSource, Outcome, SentHeader, Step, Unknown, UpstreamRequest, Value, Why,
};
pub use request::{HttpVersion, Local, Request};
pub use router::Router;
pub(crate) use search::Hit;
