//! Records that were read and checked, on disk until they are in the journal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use baton_core::record::Record;
use baton_journal::error::JournalError;
use baton_journal::store::RecordSource;

use super::adapt::Adapt;

const DOING: &str = "keeping the records of an import";

/// The records of one run: of them only one is in memory.
pub struct Spool {
    file: File,
    /// What is changed of each when it is read.
    adapt: Adapt,
}

/// A spool that is being filled.
pub(super) struct Filling(BufWriter<File>);

impl Filling {
    /// In a folder; nobody else finds the file, and it goes with this process.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::new(tempfile::tempfile_in(folder)?)))
    }

    /// Takes the line of a record.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)
    }

    pub(super) fn end(self) -> io::Result<Spool> {
        let file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Spool { file, adapt: Adapt::default() })
    }
}

impl Spool {
    /// Changes each record when it is read.
    pub fn adapt(&mut self, adapt: Adapt) {
        self.adapt = adapt;
    }

    /// The records, from the first.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, JournalError>> + '_ {
        let mut lines = BufReader::new(Tail { file: &self.file, at: 0 });
        let mut line = Vec::new();
        std::iter::from_fn(move || {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => None,
                Ok(_) => Some(self.read(&line)),
                Err(error) => Some(Err(lost(&error))),
            }
        })
    }

    fn read(&self, line: &[u8]) -> Result<Record, JournalError> {
        let mut record: Record = serde_json::from_slice(line).map_err(|error| lost(&error))?;
        self.adapt.change(&mut record);
        Ok(record)
    }
}

impl RecordSource for Spool {
    fn each(
        &self,
        visit: &mut dyn FnMut(&Record) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.records().try_for_each(|record| visit(&record?))
    }
}

fn lost(error: &dyn std::fmt::Display) -> JournalError {
    JournalError::Store { doing: DOING, message: error.to_string() }
}

/// A file from a place on, whoever else reads it.
struct Tail<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Tail<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
