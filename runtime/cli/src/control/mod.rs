//! Orders to whoever owns a run, and what became of them.

mod target;
mod told;
pub mod unread;

use std::time::Duration;

use baton_core::ids::RunId;
use baton_journal::store::{Control, Journal};

pub use self::target::{TEXT_BYTES_MAX, Target, text_of};
pub use self::told::Told;
use crate::error::Result;
use crate::session;

/// Time between two looks at a letter.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Looks before a command stops waiting, three seconds: an owner obeys within a quarter of a second.
const LOOKS_MAX: u32 = 150;
/// Looks between two at the run itself: whether it has an owner takes a system call.
const OWNER_LOOKS: u32 = 10;

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The owner did it, durably.
    Obeyed,
    /// The owner could not do it; why.
    Refused(String),
    /// Nobody owns the run: the next owner does it before anything else.
    Kept,
    /// The owner has not read it yet.
    Pending,
    /// There was nothing to do; why.
    Already(String),
}

impl Fate {
    /// The word for it in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Obeyed => "obeyed",
            Self::Refused(_) => "refused",
            Self::Kept => "kept",
            Self::Pending => "pending",
            Self::Already(_) => "already",
        }
    }
}

/// Sends an order as the person at this terminal, and waits a few seconds for what becomes of it.
///
/// # Errors
/// Those of the journal.
pub async fn order(journal: &dyn Journal, run: &RunId, control: Control) -> Result<Fate> {
    let letter = journal.send(run, &session::who(), control).await?;
    fate(journal, run, letter).await
}

/// Waits a few seconds for what becomes of a letter.
///
/// # Errors
/// Those of the journal.
pub async fn fate(journal: &dyn Journal, run: &RunId, letter: u64) -> Result<Fate> {
    for look in 0..LOOKS_MAX {
        // The owner before the letter: what an owner did with its last breath is still seen.
        let row = match look % OWNER_LOOKS {
            0 => Some(journal.run(run).await?),
            _ => None,
        };
        if let Some(state) = journal.letter(letter).await?
            && state.obeyed
        {
            return Ok(state.reply.map_or(Fate::Obeyed, Fate::Refused));
        }
        match row {
            Some(Some(row)) if row.state.is_final() => {
                return Ok(Fate::Refused("it ended before anybody read that".into()));
            }
            Some(Some(row)) if !row.owned => return Ok(Fate::Kept),
            _ => {}
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(Fate::Pending)
}
