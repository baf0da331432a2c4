//! All integration tests, in one binary.

mod adapt;
mod cli;
mod corpus;
mod crossplane;
mod differential;
mod docs;
mod echo;
mod evidence;
mod files;
mod fixtures;
mod frame;
mod generate;
mod hostile;
mod invariants;
mod laws;
mod many;
mod nginx;
mod oracle;
mod runtime;
mod support;
mod tally;
mod tidy;
mod trace;
mod trial;
mod vectors;
mod websocket;
