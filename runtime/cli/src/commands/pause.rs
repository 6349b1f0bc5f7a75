//! `baton pause`: ask the owner of a run to stop for a time.

use std::time::Duration;

use baton_core::ids::RunId;
use baton_journal::rows::{RunRow, State, TaskRow};
use baton_journal::store::{Control, Journal};

use crate::args::{Common, PauseArgs};
use crate::codes::{Code, Exit};
use crate::control::{Fate, Told, order, unread};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::text::plural;
use crate::{gates, pause, records, select};

/// Time between two looks whether the run is paused.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Looks before what is at work is told of instead.
const LOOKS_MAX: u32 = 20;

/// Sends the order, and waits for a living owner to obey.
///
/// # Errors
/// When there is no such run, it has ended, or the journal cannot be written.
pub fn run(args: &PauseArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal = home.write()?;
    block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        let run = &row.run;
        if row.state.is_final() {
            let message = format!("{run} has already ended: {}", row.state.as_str());
            return Err(CliError::new(Code::Ended, message)
                .hint(format!("`baton show {run}` shows its result")));
        }
        let goes_on = format!("`baton resume {run}` goes on");
        if !row.owned && matches!(row.state, State::Paused | State::Waiting) {
            let reason = records::paused(&*journal, &row).await?;
            let why = reason.map(|reason| pause::words(&reason, pause::now())).unwrap_or_default();
            let fate = Fate::Already(format!("{run} is {} already: {why}", row.state.as_str()));
            let told = Told { next: Some(goes_on), ..Told::new(run, None, "pause", fate) };
            return told.show(args.json);
        }
        let control = if args.now { Control::PauseNow } else { Control::Pause };
        if let Some(first) = unread::before(&*journal, run, &control).await? {
            let fate = Fate::Already(first);
            let told = Told { next: Some(anyway(run)), ..Told::new(run, None, "pause", fate) };
            return told.show(args.json);
        }
        let fate = order(&*journal, run, control).await?;
        let done = match fate {
            Fate::Obeyed => outcome(&*journal, run).await?,
            _ => String::new(),
        };
        let told = Told {
            done,
            later: "it pauses first, unless they say --anyway".into(),
            next: Some(goes_on),
            ..Told::new(run, None, "pause", fate)
        };
        told.show(args.json)
    })
}

/// What goes on with a run that is asked to pause.
fn anyway(run: &RunId) -> String {
    format!("`baton resume {run} --anyway` goes on all the same")
}

/// What became of the run: it is paused, or will be when what is at work is done.
async fn outcome(journal: &dyn Journal, run: &RunId) -> Result<String> {
    for _ in 0..LOOKS_MAX {
        let Some(row) = journal.run(run).await? else { break };
        if stands(&row) {
            return Ok(format!("{run} is {}", row.state.as_str()));
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let mut tasks = journal.tasks(run).await?;
    if let Some(row) = journal.run(run).await? {
        gates::mark(&row, &mut tasks);
    }
    let at_work = |task: &&TaskRow| {
        matches!(task.kind.as_str(), "agent" | "tool") && task.state == State::Running
    };
    let working = tasks.iter().filter(at_work).count() as u64;
    Ok(match working {
        0 => format!("{run} pauses"),
        _ => format!(
            "{run} pauses when {} at work {} done; nothing new starts",
            plural(working, "task"),
            if working == 1 { "is" } else { "are" }
        ),
    })
}

/// Whether nothing happens in a run any more.
fn stands(row: &RunRow) -> bool {
    row.state.is_final() || matches!(row.state, State::Paused | State::Waiting)
}
