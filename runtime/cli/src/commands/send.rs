//! `baton send`: tell an agent, the agents of a phase, or the workflow something.

use baton_agents::{Steering, takes_messages};
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Body;
use baton_journal::rows::TaskRow;
use baton_journal::store::{Address, Control, Journal};

use crate::args::{Common, SendArgs};
use crate::codes::{Code, Exit};
use crate::control::{Target, Told, order, text_of};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::text::{one_line, plural};
use crate::{follow, records};

/// Sends the message, and waits for a living owner to take it. To a run that has ended, starts a
/// follow-up.
///
/// # Errors
/// When nobody there takes messages, the text cannot be read, or the journal cannot be written.
pub fn run(args: &SendArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal = home.write()?;
    let target = block_on(Target::of(&*journal, &args.to))?;
    let text = text_of(&args.text)?;
    if text.trim().is_empty() {
        return Err(CliError::new(Code::Message, "the message is empty"));
    }
    let run = &target.row.run;
    if target.row.state.is_final() {
        drop(journal);
        return follow::start(&args.follow, &text, run, common);
    }
    block_on(async {
        let hearers = match &target.address {
            Address::Phase(title) => hearers(&*journal, run, title).await?,
            Address::Run | Address::Task(_) => Hearers::default(),
        };
        let (to, urgent) = (target.address.clone(), args.urgent);
        let fate = order(&*journal, run, Control::Send { to, text, urgent }).await?;
        let when = if urgent { "now" } else { "before its next step" };
        let (done, later, phase) = match &target.address {
            Address::Run => (
                match listens(&*journal, run).await? {
                    true => format!("the workflow of {run} has the message"),
                    false => format!(
                        "the workflow of {run} has the message, and has not asked for any so far"
                    ),
                },
                "its workflow gets the message".to_owned(),
                None,
            ),
            Address::Task(path) => (
                match (steering(&*journal, run, path).await?, urgent) {
                    (Steering::Step, _) => format!("{run}/{path} reads the message {when}"),
                    (Steering::Turn | Steering::Attempt, true) => {
                        format!("{run}/{path} begins again with the message")
                    }
                    (Steering::Turn, false) => format!(
                        "{run}/{path} gets the message when its turn ends, if its program keeps a \
                         session; with --urgent at once"
                    ),
                    (Steering::Attempt, false) => format!(
                        "{run}/{path} gets the message with its next attempt, if there is one; \
                         with --urgent that begins at once"
                    ),
                },
                format!("/{path} gets the message"),
                None,
            ),
            Address::Phase(title) => (
                hearers.words(title, urgent),
                format!("the agents of phase `{}` get the message", one_line(title)),
                Some(title.as_str()),
            ),
        };
        let told = Told { done, later, phase, ..Told::new(run, target.task(), "send", fate) };
        told.show(args.follow.result.json)
    })
}

/// The open agents of a phase, by when they can be told something.
#[derive(Default)]
struct Hearers {
    steps: u64,
    turns: u64,
    attempts: u64,
}

impl Hearers {
    /// What is true of them now.
    fn words(&self, title: &str, urgent: bool) -> String {
        let Self { steps, turns, attempts } = *self;
        let all = steps + turns + attempts;
        let mut text = format!(
            "{} of phase `{}` {} the message",
            plural(all, "agent"),
            one_line(title),
            if all == 1 { "has" } else { "have" }
        );
        for (number, when) in [
            (turns, "when the turn ends, if the program keeps a session"),
            (attempts, "only with the next attempt, if there is one"),
        ] {
            if number > 0 && !urgent {
                let verb = if number == 1 { "hears" } else { "of them hear" };
                text.push_str(&format!("; {number} {verb} it {when}"));
            }
        }
        if !urgent && turns + attempts > 0 {
            text.push_str("; with --urgent at once");
        }
        text
    }
}

async fn hearers(journal: &dyn Journal, run: &RunId, title: &str) -> Result<Hearers> {
    let mut found = Hearers::default();
    let tasks = journal.tasks(run).await?;
    let open = |task: &&TaskRow| task.kind == "agent" && !task.state.is_final();
    for task in tasks.iter().filter(open).filter(|task| task.phase.as_deref() == Some(title)) {
        *match task.backend.as_deref().map_or(Steering::Step, takes_messages) {
            Steering::Step => &mut found.steps,
            Steering::Turn => &mut found.turns,
            Steering::Attempt => &mut found.attempts,
        } += 1;
    }
    Ok(found)
}

/// Whether a workflow of a run ever asked for messages.
async fn listens(journal: &dyn Journal, run: &RunId) -> Result<bool> {
    let mut listens = false;
    records::after(journal, run, 1, |record| {
        listens |= matches!(record.body, Body::Listening { .. });
        Ok(())
    })
    .await?;
    Ok(listens)
}

/// When an agent can be told something.
async fn steering(journal: &dyn Journal, run: &RunId, task: &TaskPath) -> Result<Steering> {
    let tasks = journal.tasks(run).await?;
    let backend = tasks.iter().find(|row| row.path == *task).and_then(|row| row.backend.as_deref());
    Ok(backend.map_or(Steering::Step, takes_messages))
}
