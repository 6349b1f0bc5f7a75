//! What agents say while they say it, for those who look on from other processes.
//!
//! The journal has what an agent said when its call of a model has ended. Until then it is told here: to
//! whoever watches in this process, and in a file beside the journal, one for each run at work. The file
//! is a side channel and nothing more. It is written a few times a second by a thread of its own, never
//! synced, cut at a few mebibytes, and gone when its run ends or is let go; a disk that cannot take it
//! keeps nobody from working. Nothing is ever read from it but by those who look.
//!
//! A line says after which record it was said ([`Said::after`]). Who reads the records knows by that
//! what a call still says and what is on record already.

mod line;
mod reader;
mod voice;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use baton_agents::backend::Activity;
use baton_core::ids::{RunId, TaskPath};

pub use self::reader::Reader;
pub(crate) use self::voice::Voice;
pub(crate) use self::writer::Writer;

/// Bytes of a file from which on another one is begun. The one before is kept beside it.
const FILE_BYTES_MAX: u64 = 2 << 20;

/// What an agent said or did at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The agent.
    pub task: TaskPath,
    /// Number of the last record of the run at that moment.
    pub after: u64,
    /// Bytes that it had said before, since it last began to wait for its model. More than were heard:
    /// something is missing between.
    pub from: u64,
    /// What.
    pub activity: Activity,
}

/// Removes what was said in a run, once nobody is at work on it.
///
/// # Errors
/// When a file is there and cannot be removed.
pub fn remove(dir: &Path, run: &RunId) -> std::io::Result<()> {
    if !is_folder(dir) {
        return Ok(());
    }
    for path in [newest(dir, run), older(dir, run)] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The run that a file of this name belongs to; none: it is no such file.
#[must_use]
pub fn run_of(name: &str) -> Option<RunId> {
    let run = name.strip_suffix(NEWEST).map(|run| run.strip_suffix(OLDER).unwrap_or(run));
    run?.parse().ok()
}

/// Whether there is a folder, and no link that leads to one.
fn is_folder(dir: &Path) -> bool {
    std::fs::symlink_metadata(dir).is_ok_and(|about| about.is_dir())
}

const NEWEST: &str = ".jsonl";
const OLDER: &str = ".1";

fn newest(dir: &Path, run: &RunId) -> PathBuf {
    dir.join(format!("{run}{NEWEST}"))
}

fn older(dir: &Path, run: &RunId) -> PathBuf {
    dir.join(format!("{run}{OLDER}{NEWEST}"))
}
