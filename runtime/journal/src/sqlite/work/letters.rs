//! Control commands and batches.

use baton_core::ids::{RunId, Timestamp};
use rusqlite::{Connection, params};

use crate::error::JournalError;
use crate::sqlite::fault::Trouble;
use crate::sqlite::rows::{integer, json};
use crate::sqlite::writer::Work;
use crate::store::{BatchRow, Control, TakenLetter};

use super::number;

/// Sends a control command.
pub(in crate::sqlite) struct Send {
    pub(in crate::sqlite) run: RunId,
    pub(in crate::sqlite) at: Timestamp,
    pub(in crate::sqlite) by: String,
    pub(in crate::sqlite) control: Control,
}

impl Work for Send {
    type Output = u64;
    const DOING: &'static str = "sending a control command";

    fn perform(&self, connection: &Connection) -> Result<u64, Trouble> {
        let Some(no) = number(connection, &self.run)? else {
            return Err(JournalError::NoRun(self.run.clone()).into());
        };
        let control = json(&self.control)?;
        connection
            .prepare_cached("INSERT INTO inbox (run, at, sender, control) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![no, integer(self.at.0)?, self.by, control])?;
        Ok(connection.last_insert_rowid().unsigned_abs())
    }
}

/// Marks a letter as obeyed, with a reply if it could not be.
pub(in crate::sqlite) struct Obeyed(pub(in crate::sqlite) TakenLetter);

impl Work for Obeyed {
    type Output = ();
    const DOING: &'static str = "marking a control command as obeyed";
    const WAITS: bool = true;

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        mark(connection, &self.0)
    }
}

pub(super) fn mark(connection: &Connection, (letter, reply): &TakenLetter) -> Result<(), Trouble> {
    connection
        .prepare_cached("UPDATE inbox SET obeyed = 1, reply = ?2 WHERE id = ?1")?
        .execute(params![integer(*letter)?, reply])?;
    Ok(())
}

/// Creates a batch.
pub(in crate::sqlite) struct CreateBatch(pub(in crate::sqlite) BatchRow);

impl Work for CreateBatch {
    type Output = ();
    const DOING: &'static str = "creating a batch";

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        let BatchRow { id, created, spec } = &self.0;
        connection
            .prepare_cached("INSERT INTO batch (id, created, spec) VALUES (?1, ?2, ?3)")?
            .execute(params![id, integer(created.0)?, spec])?;
        Ok(())
    }
}
