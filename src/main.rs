//! The `ngxc` command. Everything is in [`ngxc::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ngxc::cli::run()
}
