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
            Address::Phase(title) => journal
                .tasks(run)
                .await?
                .iter()
                .filter(|task: &&TaskRow| task.kind == "agent" && !task.state.is_final())
                .filter(|task| task.phase.as_ref() == Some(title))
                .count() as u64,
            Address::Run | Address::Task(_) => 1,
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
                    (Steering::Attempt, true) => {
                        format!("{run}/{path} begins again with the message")
                    }
                    (Steering::Attempt, false) => format!(
                        "{run}/{path} gets the message with its next attempt, if there is one; \
                         with --urgent that begins at once"
                    ),
                },
                format!("/{path} gets the message"),
                None,
            ),
            Address::Phase(title) => (
                format!(
                    "{} of phase `{}` {} the message",
                    plural(hearers, "agent"),
                    one_line(title),
                    if hearers == 1 { "has" } else { "have" }
                ),
                format!("the agents of phase `{}` get the message", one_line(title)),
                Some(title.as_str()),
            ),
        };
        let told = Told { done, later, phase, ..Told::new(run, target.task(), "send", fate) };
        told.show(args.follow.result.json)
    })
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
