//! Keeping bytes by their digest.

use rusqlite::{Connection, params};

use crate::sqlite::fault::Trouble;
use crate::sqlite::writer::Work;
use crate::store::Blob;

/// Keeps blobs.
pub(in crate::sqlite) struct PutBlobs(pub(in crate::sqlite) Vec<Blob>);

impl Work for PutBlobs {
    type Output = ();
    const DOING: &'static str = "keeping blobs";

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        Ok(insert_blobs(connection, &self.0)?)
    }
}

/// Keeps what is not there yet.
pub(super) fn insert_blobs(connection: &Connection, blobs: &[Blob]) -> rusqlite::Result<()> {
    for blob in blobs {
        insert_blob(connection, blob.digest.bytes(), &blob.bytes)?;
    }
    Ok(())
}

/// Keeps bytes unless they are there.
pub(super) fn insert_blob(
    connection: &Connection,
    digest: &[u8],
    bytes: &[u8],
) -> rusqlite::Result<()> {
    // Asked first: handing the bytes to a statement that ignores them would copy them.
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blob WHERE digest = ?1)")?
        .query_row([digest], |row| row.get(0))?;
    if !known {
        connection
            .prepare_cached("INSERT INTO blob (digest, bytes) VALUES (?1, ?2)")?
            .execute(params![digest, bytes])?;
    }
    Ok(())
}
