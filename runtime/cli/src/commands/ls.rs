//! `baton ls`: runs, newest first.

use std::collections::BTreeMap;

use baton_journal::rows::{RunFilter, State};

use crate::args::{Common, LsArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{columns, note, stdout};
use crate::shapes::{self, RunShape};
use crate::{records, render, text};

/// Every state, as it may be asked for.
const STATES: [State; 7] = [
    State::Queued,
    State::Running,
    State::Waiting,
    State::Paused,
    State::Done,
    State::Failed,
    State::Cancelled,
];

/// Lists runs.
///
/// # Errors
/// When a state does not exist, or the journal cannot be read.
pub fn run(args: &LsArgs, common: &Common) -> Result<Exit> {
    let states = args.state.iter().map(|text| state(text)).collect::<Result<Vec<State>>>()?;
    let home = Home::find(common)?;
    let Some(journal) = home.read()? else {
        note(&format!("nothing has run in {} yet", home.dir().display()));
        return Ok(Exit::Done);
    };
    let filter = RunFilter {
        states,
        batch: args.batch.clone(),
        prefix: None,
        limit: (args.limit > 0).then_some(args.limit),
    };
    let (rows, pauses) = block_on(async {
        let rows = journal.runs(&filter).await?;
        let mut pauses = BTreeMap::new();
        for row in &rows {
            if let Some(reason) = records::paused(&*journal, row).await? {
                pauses.insert(row.run.clone(), reason);
            }
        }
        Ok((rows, pauses))
    })?;
    if args.json {
        let lines = rows.iter().map(|row| shapes::line(&RunShape::new(row, pauses.get(&row.run))));
        stdout(&lines.collect::<Result<String>>()?)?;
    } else if rows.is_empty() {
        note("no run fits");
    } else {
        stdout(&render::runs::runs(&rows, &pauses, journal.now(), columns()))?;
        if args.limit > 0 && rows.len() as u64 == args.limit {
            note(&format!("the newest {} runs; --limit 0 lists all", args.limit));
        }
    }
    Ok(Exit::Done)
}

fn state(word: &str) -> Result<State> {
    STATES.into_iter().find(|state| state.as_str() == word).ok_or_else(|| {
        let error = CliError::new(Code::Argument, format!("there is no state `{word}`"));
        match text::nearest(word, STATES.map(State::as_str)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint(format!("the states are: {}", STATES.map(State::as_str).join(", "))),
        }
    })
}
