//! The command line: the only place that parses arguments, prints, writes and exits.

mod args;
mod config;
mod crossplane;
mod emit;
mod explain;
mod fmt;
mod lint;
mod paths;
mod runtime;
mod terminal;
mod trace;
mod write;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// What a command came to; the exit status of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Nothing to say.
    Clean,
    /// Findings, or files that are not formatted.
    Findings,
    /// What was asked could not be done.
    Failure,
}

/// Why a command could not do what was asked.
type Failure = Box<dyn std::error::Error>;

/// Runs the command that the arguments of the process name.
pub fn run() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Lint(args) => lint::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Emit(args) => emit::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Schema(args) => runtime::schema(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Rules(args) => explain::rules(&args),
    };
    let outcome = outcome.unwrap_or_else(|failure| {
        terminal::complain(&failure);
        Outcome::Failure
    });
    ExitCode::from(outcome as u8)
}
