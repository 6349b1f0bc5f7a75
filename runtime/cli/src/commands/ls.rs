//! `baton ls`: runs, newest first.

use std::collections::BTreeMap;

use baton_core::record::Pause;
use baton_journal::rows::{RunFilter, RunRow, State};
use baton_journal::store::Journal;

use crate::args::{Common, LsArgs};
use crate::codes::{Code, Exit};
use crate::control::unread;
use crate::error::{CliError, Result};
use crate::gates::{self, GateShape, MessageShape, words};
use crate::home::{Home, block_on};
use crate::output::{columns, note, stdout};
use crate::shapes::{self, RunShape};
use crate::{records, render, text};

/// States of runs in which something may be asked.
const UNFINISHED: [State; 4] = [State::Queued, State::Running, State::Waiting, State::Paused];

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
    let limit = (args.limit > 0).then_some(args.limit);
    if args.waiting {
        let filter = RunFilter {
            states: UNFINISHED.to_vec(),
            batch: args.batch.clone(),
            prefix: None,
            limit: None,
        };
        return block_on(waiting(&*journal, &filter, limit, args.json));
    }
    let filter = RunFilter { states, batch: args.batch.clone(), prefix: None, limit };
    let (rows, pauses, asked, follows) = block_on(async {
        let rows = journal.runs(&filter).await?;
        let (mut pauses, mut asked, mut follows) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            if let Some(reason) = records::paused(&*journal, row).await? {
                // Only the command that answers needs what a gate asks: people are told of `--waiting`.
                if args.json
                    && let Some(spec) = records::asked(&*journal, &row.run, Some(&reason)).await?
                {
                    asked.insert(row.run.clone(), spec);
                }
                pauses.insert(row.run.clone(), reason);
            }
            if let Some(first) = records::follows(&*journal, row).await? {
                follows.insert(row.run.clone(), first);
            }
        }
        Ok((rows, pauses, asked, follows))
    })?;
    if args.json {
        let shape = |row: &RunRow| {
            let shape = RunShape::new(row, pauses.get(&row.run), asked.get(&row.run));
            shapes::line(&shape.following(follows.get(&row.run)))
        };
        let lines = rows.iter().map(shape);
        stdout(&lines.collect::<Result<String>>()?)?;
    } else if rows.is_empty() {
        note("no run fits");
    } else {
        stdout(&render::runs::runs(&rows, &pauses, &follows, journal.now(), columns()))?;
        if args.limit > 0 && rows.len() as u64 == args.limit {
            note(&format!("the newest {} runs; --limit 0 lists all", args.limit));
        }
    }
    Ok(Exit::Done)
}

/// Lists what people are asked, at most `limit` questions of the newest runs.
async fn waiting(
    journal: &dyn Journal,
    filter: &RunFilter,
    limit: Option<u64>,
    json: bool,
) -> Result<Exit> {
    let mut asked = Vec::new();
    for row in journal.runs(filter).await? {
        let gates = gates::open(journal, &row).await?;
        if gates.is_empty() && records::paused(journal, &row).await? == Some(Pause::Message) {
            asked.push(if json {
                shapes::line(&MessageShape::new(&row))?
            } else {
                words::message(&row, journal.now())
            });
        }
        let letters = match row.owned || gates.is_empty() {
            true => Vec::new(),
            false => journal.pending(&row.run).await?,
        };
        for gate in &gates {
            let answered = unread::answered(&letters, &gate.task);
            asked.push(if json {
                shapes::line(&GateShape::new(&row, gate, answered.as_deref()))?
            } else {
                words::block(gate, answered.as_deref(), journal.now(), columns())
            });
        }
        if limit.is_some_and(|limit| asked.len() as u64 >= limit) {
            break;
        }
    }
    if asked.is_empty() && !json {
        note("nobody is asked anything");
    }
    stdout(&asked.join(if json { "" } else { "\n" }))?;
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
