//! `baton completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::output::stdout;

/// Prints the script.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "baton", &mut script);
    stdout(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
