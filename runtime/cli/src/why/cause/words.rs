//! Each answer as a sentence, with what to do about it.

use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::Fork;

use super::ends::{failed, gate, paused};
use super::phrases::{after_colon, names, out, short, told};
use super::turned_down::{grant, missed, refused};
use super::{Cause, Hearing};
use crate::pause::{self, clock};
use crate::text::{duration, one_line, plural};
use crate::why::story::Message;

/// What a sentence is told of.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The task.
    pub task: &'a TaskPath,
    /// What was asked about: the task, or the run.
    pub about: &'a TaskPath,
    /// Whether a living process drives the run.
    pub owned: bool,
    /// Now.
    pub now: Timestamp,
}

impl Telling<'_> {
    pub(super) fn id(&self) -> String {
        if self.task.is_root() {
            return self.run.to_string();
        }
        TaskId { run: self.run.clone(), path: self.task.clone() }.to_string()
    }

    fn ago(&self, at: Timestamp) -> String {
        format!("since {} ({})", clock(at, self.now), duration(self.now.since(at)))
    }
}

impl Cause {
    /// The cause as a sentence about the task, and what to do about it.
    #[must_use]
    pub fn words(&self, of: Telling<'_>) -> (String, Option<String>) {
        let (run, now) = (of.run, of.now);
        let plain = |text: String| (text, None);
        let hinted =
            |text: String, hint: String| (text, Some(hint).filter(|hint| !hint.is_empty()));
        match self {
            Self::Done { summary } => hinted(
                format!("it is done{}", after_colon(summary)),
                format!("`baton show {run}` shows the result"),
            ),
            Self::Ended { summary } => plain(format!("it is done{}", after_colon(summary))),
            Self::Failed(failure) => failed(failure, of),
            Self::Cancelled { by } => plain(format!("{} cancelled it", one_line(by))),
            Self::Nobody { begun: false, .. } => hinted(
                "nobody drives it, and nothing of it was done yet".into(),
                format!("`baton resume {run}` starts it"),
            ),
            Self::Nobody { since, .. } => hinted(
                format!("nobody drives it: the process that did is gone, {}", of.ago(*since)),
                format!("`baton resume {run}` goes on; what ended is not done again"),
            ),
            Self::Paused(reason, asked) => paused(reason, asked.as_deref(), of),
            Self::Pausing { by, now } => plain(format!(
                "{} asked it to pause: nothing further starts, and {}",
                one_line(by),
                if *now { "agents at work are interrupted" } else { "agents at work finish" }
            )),
            Self::Driven { working, waiting } => plain(driven(*working, *waiting)),
            Self::Place { places, holders } => hinted(
                format!(
                    "it waits for a place: {} at once, taken by {}",
                    plural(u64::from(*places), "agent"),
                    names(holders)
                ),
                "--concurrency N of `baton run` lets more work at once".into(),
            ),
            Self::Due => {
                plain("it was asked for, and starts as soon as its process gets to it".into())
            }
            Self::Run if of.about.is_root() => plain("it waits for the run to go on".into()),
            Self::Run => hinted(
                "it waits for the run to go on".into(),
                format!("`baton why {run}` says why that stands still"),
            ),
            Self::Provider(put_off) => hinted(
                format!("it waits for a provider: {}", out(put_off, now)),
                format!("`baton resume {run}` asks it again now"),
            ),
            Self::Timer { due } if *due > now => plain(format!(
                "it waits until {}, in {}",
                clock(*due, now),
                duration(due.since(now))
            )),
            Self::Timer { due } => plain(format!("its time came at {}", clock(*due, now))),
            Self::Gate { spec, due } => gate(spec, *due, of),
            Self::Children { open } => plain(format!("it waits for {}", names(open))),
            Self::Listening => hinted(
                "it waits for a message".into(),
                format!("`baton send {run} TEXT` sends one"),
            ),
            Self::Computing => plain("the workflow itself is at work".into()),
            Self::Working { calling, since } => {
                let call = calling.as_ref().map(|model| format!(": a call of {}", one_line(model)));
                plain(format!("it is at work {}{}", of.ago(*since), call.unwrap_or_default()))
            }
            Self::Silent { since, calling, backend } => {
                let what = match calling {
                    Some(model) => format!("a call of {} is under way", one_line(model)),
                    None => format!("{} tells nothing", one_line(backend)),
                };
                let (ago, id) = (of.ago(*since), of.id());
                hinted(
                    format!("it is at work, and nothing was heard of it {ago}: {what}"),
                    format!(
                        "`baton show {id} --follow` watches it, `baton restart {id}` lets it begin anew"
                    ),
                )
            }
            Self::Refused(refusal) => refused(refusal),
            Self::Retried { attempt, failure } => {
                plain(format!("attempt {attempt} failed, and another followed: {}", told(failure)))
            }
            Self::PutOff(put_off) => plain(format!("a provider put it off: {}", out(put_off, now))),
            Self::Reused { from } => {
                plain(format!("it was not performed: it has the result of {from}"))
            }
            Self::NotReused { miss, run } => {
                plain(format!("it was performed, not reused: {}", missed(miss, run.as_ref())))
            }
            Self::ReuseCount { reuse, reused, performed } => hinted(
                format!("it uses results of {}: {reused} reused, {performed} performed", reuse.run),
                if *performed > 0 {
                    format!("`baton why {run}/N` says why a task was performed")
                } else {
                    String::new()
                },
            ),
            Self::Restarted { by, note } => plain(format!(
                "{} let it begin anew{}",
                one_line(by),
                note.as_deref().map(after_colon).unwrap_or_default()
            )),
            Self::Forked(fork) => {
                hinted(forked(fork), format!("`baton diff {} {run}` compares them", fork.run))
            }
            Self::Shared { run } => {
                plain(format!("it was done in {run}, which this run was forked from"))
            }
            Self::Follows { run: first } => {
                plain(format!("it answers a message to {first}, which had ended"))
            }
            Self::Messaged { message, heard } => plain(messaged(message, *heard)),
            Self::Denied(denial) => hinted(
                format!(
                    "it was kept from `{}`: {} is not granted so far ({})",
                    short(&denial.tried),
                    denial.capability.as_str(),
                    one_line(&denial.code)
                ),
                grant(denial.capability, &one_line(&denial.hint)),
            ),
            Self::Narrowed { by, what } => hinted(
                format!(
                    "policy denies more since it began, and so does the run: {} ({})",
                    short(&what.join(", ")),
                    one_line(by)
                ),
                "what is taken out of [deny] again is there for the next run".into(),
            ),
            Self::WasPaused { pause, by } => plain(format!(
                "it was paused ({}), and {} went on with it",
                one_line(&pause::words(pause, now)),
                one_line(by)
            )),
            Self::TakenOver { by } => {
                plain(format!("{} went on with it after its process was gone", one_line(by)))
            }
            Self::More { more, what } => plain(format!("and {more} more {what}")),
        }
    }
}

fn driven(working: u64, waiting: u64) -> String {
    let at_work = plural(working, "task");
    match (working, waiting) {
        (0, 0) => "a process drives it, and the workflow itself is at work".into(),
        (_, 0) => format!("a process drives it: {at_work} at work"),
        _ => format!("a process drives it: {at_work} at work, {waiting} waiting"),
    }
}

fn forked(fork: &Fork) -> String {
    let Fork { run, at, records, edit, .. } = fork;
    let are = if *records == 1 { "is" } else { "are" };
    let edit = edit.as_deref().map(|edit| format!("; changed: {}", short(edit)));
    format!(
        "it was forked from {run} at its record {at}: {records} of the records up to there {are} shared \
         and cost nothing{}",
        edit.unwrap_or_default()
    )
}

fn messaged(message: &Message, heard: Hearing) -> String {
    let urgent = if message.urgent { " urgently" } else { "" };
    let end = match heard {
        Hearing::Told => ", and it was told",
        Hearing::NotYet => ", and it was not told yet",
        Hearing::TooLate => ", and it ended before it was told",
        Hearing::Inbox => "",
    };
    let (sender, text) = (one_line(&message.sender), short(&message.text));
    format!("{sender} said{urgent}: \u{201c}{text}\u{201d}{end}")
}
