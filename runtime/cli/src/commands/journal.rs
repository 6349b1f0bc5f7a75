//! `baton journal`: the records of a run, and whether the store is sound.

use std::time::Duration;

use baton_core::ids::{RunId, Timestamp};
use baton_core::record::{Body, Record};
use baton_journal::store::Journal;

use crate::args::{Common, JournalArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{columns, stdout};
use crate::shapes::{self, RecordShape};
use crate::{records, render, select};

/// Time between two looks for further records.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes that are gathered before they are written.
const CHUNK_BYTES: usize = 64 << 10;

/// Shows records, or checks the store.
///
/// # Errors
/// When there is no such run, the journal cannot be read, or it is damaged.
pub fn run(args: &JournalArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    match &args.run {
        Some(text) => block_on(show(&*journal, text, args)),
        None => block_on(verify(&*journal, args.json)),
    }
}

async fn show(journal: &dyn Journal, text: &str, args: &JournalArgs) -> Result<Exit> {
    let row = select::run(journal, text).await?;
    let mut printer = Printer {
        run: &row.run,
        json: args.json,
        columns: columns(),
        began: row.created,
        finished: false,
        text: String::new(),
    };
    let mut last = 0;
    loop {
        last = records::after(journal, &row.run, last, |record| printer.take(&record)).await?;
        printer.flush()?;
        if !args.follow || printer.finished {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(FOLLOW_INTERVAL).await;
    }
}

struct Printer<'a> {
    run: &'a RunId,
    json: bool,
    columns: usize,
    began: Timestamp,
    finished: bool,
    text: String,
}

impl Printer<'_> {
    fn take(&mut self, record: &Record) -> Result<()> {
        if record.seq == 1 {
            self.began = record.at;
        }
        self.finished = matches!(record.body, Body::Finished { .. });
        if self.json {
            self.text.push_str(&shapes::line(&RecordShape::new(self.run, record))?);
        } else {
            self.text.push_str(&render::record::record(record, self.began, self.columns));
            self.text.push('\n');
        }
        if self.text.len() > CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        stdout(&std::mem::take(&mut self.text))
    }
}

async fn verify(journal: &dyn Journal, json: bool) -> Result<Exit> {
    let report = journal.verify().await?;
    if json {
        stdout(&shapes::line(&report)?)?;
    } else {
        stdout(&format!(
            "checked {} runs, {} records, {} blobs: {}\n",
            report.runs,
            report.records,
            report.blobs,
            if report.damage.is_empty() { "sound" } else { "damaged" }
        ))?;
    }
    if report.damage.is_empty() {
        return Ok(Exit::Done);
    }
    let mut error = CliError::new(Code::Damaged, "the journal is damaged")
        .hint("copy the state directory before anything else");
    if let CliError::Coded(coded) = &mut error {
        coded.causes = report.damage;
    }
    Err(error)
}
