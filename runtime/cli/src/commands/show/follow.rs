//! What was said and done in a task or run: once, or as it becomes durable.

use std::time::Duration;

use baton_core::ids::{RunId, TaskPath};
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use super::id_of;
use crate::args::{ShowArgs, TranscriptFormat};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{columns, note, stdout};
use crate::select;
use crate::transcript::text::{How, LINES};
use crate::transcript::{Reader, jsonl, markdown, text};

/// Time between two looks for further records.
const INTERVAL: Duration = Duration::from_millis(100);
/// Looks without a record before it is asked whether anybody still drives the run.
const IDLE_LOOKS: u32 = 20;

/// All that the records tell of a task by now; empty if nobody said anything in it.
///
/// # Errors
/// Those of the journal.
pub async fn told(
    journal: &dyn Journal,
    run: &RunId,
    path: &TaskPath,
    full: bool,
) -> Result<String> {
    let lines = (!full).then_some(LINES);
    let how = How { lines, columns: columns(), several: false, live: false };
    let mut reader = Reader::new(journal, run.clone(), Some(path.clone()));
    let (mut out, mut said) = (String::new(), false);
    while let Some(entries) = reader.next().await? {
        for entry in entries {
            said |= entry.what.is_talk();
            out.push_str(&text::entry(&entry, how));
        }
    }
    Ok(if said { out } else { String::new() })
}

/// Prints entries as the arguments say, and with `--follow` those that come until the end.
///
/// # Errors
/// When there is no such task, or the journal cannot be read.
pub async fn tell(
    journal: &dyn Journal,
    row: &RunRow,
    path: &TaskPath,
    args: &ShowArgs,
) -> Result<Exit> {
    let several = path.is_root();
    if several && args.transcript == Some(TranscriptFormat::Md) {
        let error = CliError::new(Code::Argument, "Markdown is written of one task");
        return Err(error.hint(format!(
            "`baton tree {0}` lists the tasks; `baton show {0} --transcript jsonl` writes all",
            row.run
        )));
    }
    if !several && !journal.tasks(&row.run).await?.iter().any(|task| task.path == *path) {
        return Err(select::no_task(&row.run, path));
    }
    let lines = match (args.full, several) {
        (true, _) => None,
        (false, true) => Some(1),
        (false, false) => Some(LINES),
    };
    let how = How { lines, columns: columns(), several, live: true };
    let mut reader = Reader::new(journal, row.run.clone(), (!several).then(|| path.clone()));
    if args.transcript == Some(TranscriptFormat::Md) {
        stdout(&markdown::heading(&id_of(row, path)))?;
    }
    let mut idle = 0;
    loop {
        while let Some(entries) = reader.next().await? {
            idle = 0;
            let mut out = String::new();
            for entry in &entries {
                match args.transcript {
                    None => out.push_str(&text::entry(entry, how)),
                    Some(TranscriptFormat::Md) => out.push_str(&markdown::entry(entry)),
                    Some(TranscriptFormat::Jsonl) => {
                        out.push_str(&jsonl::entry(&row.run, entry)?);
                    }
                }
            }
            if !out.is_empty() {
                stdout(&out)?;
            }
        }
        if !args.follow || reader.ended() {
            return Ok(Exit::Done);
        }
        idle += 1;
        if idle % IDLE_LOOKS == 0 && nobody_drives(journal, &row.run).await? {
            note(&format!("nobody drives {0} any more; `baton resume {0}` goes on", row.run));
            return Ok(Exit::Done);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Whether nothing more comes until somebody resumes the run, or at all.
async fn nobody_drives(journal: &dyn Journal, run: &RunId) -> Result<bool> {
    let row = journal.run(run).await?;
    Ok(row.is_none_or(|row| !row.owned || row.state.is_final()))
}
