//! `baton approve`: say yes to a question that a run asks.

use std::sync::Arc;

use baton_core::gate::{GateAnswer, Verdict};
use baton_core::ids::Timestamp;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use crate::args::{ApproveArgs, Common, ResultArgs};
use crate::codes::{Code, Exit};
use crate::commands::resume;
use crate::control::{Fate, Told, unread};
use crate::error::{CliError, Result};
use crate::gates::{self, Given, OpenGate};
use crate::home::{Home, block_on};
use crate::output::note;
use crate::pause::clock;
use crate::records;
use crate::text::one_line;

/// Says yes.
///
/// # Errors
/// When there is no such open gate, the answer does not fit, or the journal cannot be written.
pub fn run(args: &ApproveArgs, common: &Common) -> Result<Exit> {
    let ApproveArgs { choice, data, note, .. } = args;
    let given = Given { choice: choice.as_deref(), data: data.as_deref(), note: note.as_deref() };
    let how = How { resume: args.resume, result: &args.result };
    answer(&args.gate, Verdict::Approved, given, how, common)
}

/// What follows an answer.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// Whether the run goes on right here.
    pub resume: bool,
    /// How to show its result then.
    pub result: &'a ResultArgs,
}

/// Answers a gate, and says what became of that.
///
/// # Errors
/// Those of [`run`].
pub fn answer(
    gate: &str,
    verdict: Verdict,
    given: Given<'_>,
    how: How<'_>,
    common: &Common,
) -> Result<Exit> {
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal: Arc<dyn Journal> = home.write()?;
    let (row, fate, told) = block_on(async {
        let (row, gate) = gates::named(&*journal, gate).await?;
        in_time(&row, &gate, journal.now())?;
        let started = records::started(&*journal, &row.run).await?;
        let answer = given.read(verdict, &started.limits.run)?;
        gates::check(&gate.spec, &answer).await?;
        let fate = unread::answer(&*journal, &row.run, &gate.task, &answer).await?;
        let told = words(&gate, &answer);
        Ok((row, fate, (gate, told)))
    })?;
    let (gate, (done, later)) = told;
    let here = how.resume && fate == Fate::Kept;
    let told = Told {
        done,
        later,
        next: next(&row, &fate),
        ..Told::new(&row.run, Some(&gate.task), word(verdict), fate)
    };
    if !here {
        return told.show(how.result.json);
    }
    note(&format!("{} is {}; its run goes on", told.id(), past(verdict)));
    drop(journal);
    resume::go_on(&row.run, how.result, common)
}

/// Past its deadline a gate takes no answer. Whoever drives its run says so in a moment; where nobody does
/// it is said here.
fn in_time(row: &RunRow, gate: &OpenGate, now: Timestamp) -> Result<()> {
    let Some(due) = gate.due.filter(|due| *due <= now && !row.owned) else { return Ok(()) };
    let message = format!("{} took answers until {}", gate.id(), clock(due, now));
    let then = match gate.spec.options.default {
        Some(_) => "with the answer that was set for that",
        None => "and the gate fails",
    };
    Err(CliError::new(Code::NoGate, message)
        .hint(format!("`baton resume {}` goes on, {then}", row.run)))
}

fn next(row: &RunRow, fate: &Fate) -> Option<String> {
    (*fate == Fate::Obeyed).then(|| format!("`baton attach {}` follows the run", row.run))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approve",
        Verdict::Rejected => "reject",
    }
}

fn past(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approved",
        Verdict::Rejected => "rejected",
    }
}

/// What is true once it is obeyed, and what will be done when somebody goes on.
fn words(gate: &OpenGate, answer: &GateAnswer) -> (String, String) {
    let choice = answer.choice.as_deref().map(|choice| format!(": {}", one_line(choice)));
    let choice = choice.unwrap_or_default();
    let past = past(answer.verdict);
    (
        format!("{} is {past}{choice}", gate.id()),
        format!("/{} is {past}{choice}, if nobody has answered it before", gate.task),
    )
}
