//! What was said and done in a task or run: once, or as it becomes durable.

mod words;

use std::path::PathBuf;
use std::time::Duration;

use baton_core::ids::{RunId, TaskPath};
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use self::words::Words;
use super::id_of;
use crate::args::{ShowArgs, TranscriptFormat};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::{columns, note, stdout};
use crate::select;
use crate::transcript::text::{How, LINES};
use crate::transcript::{Reader, jsonl, markdown, text};

/// Records that are in memory at once.
const PAGE: u64 = 1_000;
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

/// Prints entries as the arguments say, and with `--follow` those that come until the end. `live`: where
/// agents are heard while they speak; none: nothing is drawn in place.
///
/// # Errors
/// When there is no such task, or the journal cannot be read.
pub async fn tell(
    journal: &dyn Journal,
    row: &RunRow,
    path: &TaskPath,
    args: &ShowArgs,
    live: Option<PathBuf>,
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
    let speaks = args.follow && args.transcript.is_none();
    // What is there of a run that nobody drives was left behind.
    let live = live.filter(|_| speaks && row.owned);
    let mut words =
        live.map(|live| Words::new(&live, &row.run, (!several).then(|| path.clone()), how));
    let (mut idle, mut last) = (0, 0);
    loop {
        let heard = words.as_mut().map(Words::hear).unwrap_or_default();
        loop {
            let page = journal.records(&row.run, last, PAGE).await?;
            let Some(end) = page.last() else { break };
            (idle, last) = (0, end.seq);
            let mut out = String::new();
            for entry in reader.read(&page).await {
                match args.transcript {
                    None => out.push_str(&text::entry(&entry, how)),
                    Some(TranscriptFormat::Md) => out.push_str(&markdown::entry(&entry)),
                    Some(TranscriptFormat::Jsonl) => {
                        out.push_str(&jsonl::entry(&row.run, &entry)?);
                    }
                }
            }
            if !out.is_empty() {
                if let Some(words) = &mut words {
                    words.erase()?;
                }
                stdout(&out)?;
            }
            if let Some(words) = &mut words {
                page.iter().for_each(|record| words.know(record));
            }
        }
        if !args.follow || reader.ended() {
            return Ok(Exit::Done);
        }
        if let Some(words) = &mut words {
            words.draw(heard)?;
        }
        idle += 1;
        if idle % IDLE_LOOKS == 0 && nobody_drives(journal, &row.run).await? {
            if let Some(words) = &mut words {
                words.erase()?;
            }
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
