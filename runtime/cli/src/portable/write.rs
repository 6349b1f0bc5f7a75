//! Writing.

use std::collections::BTreeSet;
use std::io::{self, Write};

use baton_core::blobs::named;
use baton_core::digest::Digest;
use baton_core::record::{FORMAT, Record};
use baton_journal::error::JournalError;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::{BLOBS, BLOCK, Chain, KIND, MANIFEST, Manifest, RECORDS, VERSION};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::records;

/// The byte for an operating system that is not known: the file is the same on all of them.
const ANY_SYSTEM: u8 = 255;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Blobs.
    pub blobs: u64,
}

/// Writes a run as far as `row` says it has come. Reads it twice, and holds one page of records or
/// one blob in memory.
///
/// # Errors
/// When the journal cannot be read or lacks a blob, or the file cannot be written.
pub async fn write(journal: &dyn Journal, row: &RunRow, file: impl Write) -> Result<Written> {
    let (mut count, mut bytes, mut chain) = (0, 0, Chain::new());
    let (mut blobs, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    each(journal, row, |record| {
        let line = line(&record)?;
        count += 1;
        bytes += line.len() as u64;
        chain.add(&line);
        for name in named(&record) {
            let of = if name.sure { &mut blobs } else { &mut claimed };
            of.insert(name.digest);
        }
        Ok(())
    })
    .await?;
    for digest in claimed {
        match journal.blob(&digest).await {
            Ok(_) => blobs.insert(digest),
            // Whoever handed it over made it up.
            Err(JournalError::NoBlob(_)) => false,
            Err(error) => return Err(error.into()),
        };
    }
    let manifest = Manifest {
        kind: KIND.into(),
        version: VERSION,
        run: row.run.clone(),
        format: FORMAT,
        records: count,
        bytes,
        chain: chain.0,
        blobs: blobs.into_iter().collect(),
    };
    let mut archive = Archive::new(file);
    archive.part(MANIFEST, &json(&manifest)?)?;
    archive.begin(RECORDS, bytes)?;
    each(journal, row, |record| archive.bytes(&line(&record)?)).await?;
    archive.end(bytes)?;
    for digest in &manifest.blobs {
        let bytes = journal.blob(digest).await?;
        archive.part(&name(digest), &bytes)?;
    }
    archive.finish()?;
    Ok(Written { records: count, blobs: manifest.blobs.len() as u64 })
}

/// Calls `each` for the records that a run had when its row was read.
async fn each(
    journal: &dyn Journal,
    row: &RunRow,
    mut each: impl FnMut(Record) -> Result<()>,
) -> Result<()> {
    let upto = row.records;
    records::after(journal, &row.run, 0, |record| match record.seq <= upto {
        true => each(record),
        false => Ok(()),
    })
    .await
    .map(|_| ())
}

fn line(record: &Record) -> Result<Vec<u8>> {
    let mut line = json(record)?;
    // What people wrote is kept as it was written. In JSON a line break is never part of a string.
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    line.push(b'\n');
    Ok(line)
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|error| CliError::new(Code::Internal, "cannot write JSON").because(&error))
}

/// Name of the part that is a blob.
pub(super) fn name(digest: &Digest) -> String {
    format!("{BLOBS}{}", digest.hex())
}

/// A tar archive in a gzip stream, without anything that differs between two writings.
struct Archive<W: Write>(GzEncoder<W>);

impl<W: Write> Archive<W> {
    fn new(file: W) -> Self {
        let gzip = GzBuilder::new().mtime(0).operating_system(ANY_SYSTEM);
        Self(gzip.write(file, Compression::new(6)))
    }

    fn part(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.begin(name, bytes.len() as u64)?;
        self.bytes(bytes)?;
        self.end(bytes.len() as u64)
    }

    fn begin(&mut self, name: &str, size: u64) -> Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).map_err(|error| wrong(&error))?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        self.bytes(header.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(|error| wrong(&error))
    }

    /// A part fills whole blocks.
    fn end(&mut self, size: u64) -> Result<()> {
        let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let missing = (BLOCK - over) % BLOCK;
        self.bytes([0; BLOCK].get(..missing).unwrap_or_default())
    }

    fn finish(mut self) -> Result<()> {
        self.bytes(&[0; 2 * BLOCK])?;
        let mut file = self.0.finish().map_err(|error| wrong(&error))?;
        file.flush().map_err(|error| wrong(&error))
    }
}

fn wrong(error: &io::Error) -> CliError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::BrokenPipe,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            CliError::new(Code::DiskFull, "the run is not exported: the disk is full")
                .hint("nothing is left of the file; make room, or name another disk with -o")
        }
        _ => CliError::new(Code::File, "the run is not exported").because(error),
    }
}
