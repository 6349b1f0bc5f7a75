//! Orders to a run that nobody owns: what somebody said before, and nobody has read yet.

use baton_core::gate::{GateAnswer, Verdict};
use baton_core::ids::{RunId, TaskPath};
use baton_journal::store::{Control, Journal, Letter};

use super::{Fate, fate};
use crate::error::Result;
use crate::pause::{clock, now};
use crate::session;
use crate::text::one_line;

/// Answers a gate. Of several answers that lie unread the first counts: whoever comes later is told.
///
/// # Errors
/// Those of the journal.
pub async fn answer(
    journal: &dyn Journal,
    run: &RunId,
    task: &TaskPath,
    answer: &GateAnswer,
) -> Result<Fate> {
    let control = Control::Answer { task: task.clone(), answer: answer.clone() };
    if let Some(first) = before(journal, run, &control).await? {
        return Ok(Fate::Refused(first));
    }
    let mine = journal.send(run, &session::who(), control).await?;
    let fate = fate(journal, run, mine).await?;
    if fate == Fate::Kept
        && let Some(first) = first_answer(journal, run, task, mine).await?
    {
        return Ok(Fate::Refused(first));
    }
    Ok(fate)
}

/// Why an order to a run that nobody drives would come too late: somebody said before what lies unread.
///
/// # Errors
/// Those of the journal.
pub async fn before(
    journal: &dyn Journal,
    run: &RunId,
    control: &Control,
) -> Result<Option<String>> {
    if journal.run(run).await?.is_none_or(|row| row.owned) {
        return Ok(None);
    }
    match control {
        Control::Answer { task, .. } => first_answer(journal, run, task, u64::MAX).await,
        Control::Pause | Control::PauseNow => {
            let first = pauses(journal, run).await?.first().map(signed);
            Ok(first.map(|first| {
                format!("{run} pauses already when somebody goes on with it: asked by {first}")
            }))
        }
        _ => Ok(None),
    }
}

/// The answer to a gate that lies unread and was sent before a letter, in words.
async fn first_answer(
    journal: &dyn Journal,
    run: &RunId,
    task: &TaskPath,
    before: u64,
) -> Result<Option<String>> {
    let mut letters = journal.pending(run).await?;
    letters.retain(|letter| letter.id < before);
    Ok(answered(&letters, task).map(|first| {
        format!(
            "it has an answer already, {first}, which is delivered when somebody goes on with the run"
        )
    }))
}

/// How a gate was answered by the first of some unread letters that does so: the verdict, by whom and
/// when.
#[must_use]
pub fn answered(letters: &[Letter], task: &TaskPath) -> Option<String> {
    letters.iter().find_map(|letter| {
        let Control::Answer { task: of, answer } = &letter.control else { return None };
        let verdict = match answer.verdict {
            Verdict::Approved => "approved",
            Verdict::Rejected => "rejected",
        };
        (of == task).then(|| format!("{verdict} by {}", signed(letter)))
    })
}

/// The orders to pause that lie unread for a run, the oldest first.
///
/// # Errors
/// Those of the journal.
pub async fn pauses(journal: &dyn Journal, run: &RunId) -> Result<Vec<Letter>> {
    let mut letters = journal.pending(run).await?;
    letters.retain(|letter| matches!(letter.control, Control::Pause | Control::PauseNow));
    Ok(letters)
}

/// Who sent a letter, and when.
#[must_use]
pub fn signed(letter: &Letter) -> String {
    format!("{} at {}", one_line(&letter.by), clock(letter.at, now()))
}
