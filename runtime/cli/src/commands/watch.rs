//! `baton watch`: runs on the whole terminal.

use crate::args::{Common, WatchArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::select;
use crate::watch::{Which, check, watch};

/// Shows the runs until the person leaves.
///
/// # Errors
/// When there is no such run, no terminal, or the journal cannot be read.
pub fn run(args: &WatchArgs, common: &Common) -> Result<Exit> {
    check()?;
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    // Letters and commands go on while the terminal is waited for.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().map_err(|error| {
        CliError::new(Code::Internal, "cannot start the event loop").because(&error)
    })?;
    runtime.block_on(async {
        let mut runs = Vec::new();
        for text in &args.runs {
            let row = select::run(&*journal, text).await?;
            if !runs.contains(&row.run) {
                runs.push(row.run);
            }
        }
        let which = if runs.is_empty() { Which::Unfinished } else { Which::Named(runs) };
        watch(&home, journal.clone(), which).await
    })?;
    Ok(Exit::Done)
}
