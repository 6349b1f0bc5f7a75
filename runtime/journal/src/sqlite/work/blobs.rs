//! Keeping bytes by their digest.

use std::collections::HashSet;
use std::sync::Arc;

use baton_core::blobs::named;
use baton_core::digest::Digest;
use baton_core::record::Record;
use rusqlite::{Connection, params};

use crate::sqlite::fault::Trouble;
use crate::sqlite::owner::Owner;
use crate::sqlite::writer::Work;
use crate::store::Blob;

/// Keeps blobs.
pub(in crate::sqlite) struct PutBlobs {
    pub(in crate::sqlite) blobs: Vec<Blob>,
    pub(in crate::sqlite) owner: Arc<Owner>,
}

impl Work for PutBlobs {
    type Output = ();
    const DOING: &'static str = "keeping blobs";
    const WAITS: bool = true;

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        Ok(insert_blobs(connection, &self.blobs, &self.owner, [].iter())?)
    }
}

/// Keeps what is not there yet. What none of the records names that come with it is held by its
/// owner, so that nobody removes it before the record comes that does.
pub(super) fn insert_blobs<'a>(
    connection: &Connection,
    blobs: &[Blob],
    owner: &Owner,
    records: impl Iterator<Item = &'a Record>,
) -> rusqlite::Result<()> {
    if blobs.is_empty() {
        return Ok(());
    }
    let named: HashSet<Digest> = records.flat_map(named).map(|named| named.digest).collect();
    for blob in blobs {
        insert_blob(connection, blob.digest.bytes(), &blob.bytes)?;
        if !named.contains(&blob.digest) {
            connection
                .prepare_cached("INSERT OR IGNORE INTO held (digest, owner) VALUES (?1, ?2)")?
                .execute(params![blob.digest.bytes().as_slice(), owner.id()])?;
        }
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
    if !is_there(connection, digest)? {
        connection
            .prepare_cached("INSERT INTO blob (digest, bytes) VALUES (?1, ?2)")?
            .execute(params![digest, bytes])?;
    }
    Ok(())
}

/// Whether there is a blob.
pub(super) fn is_there(connection: &Connection, digest: &[u8]) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blob WHERE digest = ?1)")?
        .query_row([digest], |row| row.get(0))
}
