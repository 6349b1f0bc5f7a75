//! The one thread of a process that writes.
//!
//! It takes what is queued, makes one transaction of it, and answers when that is durable. It
//! never waits for company. After a failed commit nobody can know what is durable, so it answers
//! nothing but that for ever: the process must be restarted and recover.

mod job;
mod stall;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::error::JournalError;

use super::connect::BUSY;
use super::readers::spawn;

use job::{Failed, Job};
pub(super) use job::{Jobs, Work};
use stall::Stall;

/// Requests in one transaction at the most, so that the first need not wait long for the last.
const GROUP_MAX: usize = 256;

/// With so many pages more in the write-ahead log it is carried over, busy or not. The next commit
/// then begins the log anew, in the bytes the file already has: a file that grows costs the disk
/// half as much again for each commit.
const LOG_PAGES: u64 = 1_024;

/// A log whose file is longer than this is cut when it is carried over.
const LOG_BYTES: u64 = 16 << 20;

/// Without a request for so long, the write-ahead log is carried over.
const IDLE: Duration = Duration::from_millis(200);

/// What waits while another process holds the journal waits no longer than this: a process that was
/// stopped in the middle of a write never lets go.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// Between two tries to begin, beside what the database itself waits.
const BETWEEN: Duration = Duration::from_millis(20);

/// The writing thread. Ends with it, when everything queued was written.
pub(super) struct Writer {
    jobs: Option<Jobs>,
    stall: Stall,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, file: &Path) -> Result<Self, JournalError> {
        let (jobs, queue) = mpsc::channel();
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let stall = Stall::default();
        let state = Loop {
            connection,
            queue,
            log: log.into(),
            carried: 0,
            poison: None,
            dirty: false,
            stall: stall.clone(),
        };
        let thread = spawn("journal-writer", move || state.run())?;
        Ok(Self { jobs: Some(Jobs(jobs)), stall, thread: Some(thread) })
    }

    /// The way to it. None while it ends.
    pub(super) fn jobs(&self) -> Option<&Jobs> {
        self.jobs.as_ref()
    }

    /// For how long another process has kept it from writing.
    pub(super) fn stalled(&self) -> Option<Duration> {
        self.stall.lasts()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing to end.
            let _ = thread.join();
        }
    }
}

struct Loop {
    connection: Connection,
    queue: Receiver<Box<dyn Job>>,
    log: PathBuf,
    /// Pages of the log when it was carried over last.
    carried: u64,
    poison: Option<String>,
    dirty: bool,
    stall: Stall,
}

enum Attempt {
    Committed,
    /// Another process did not let go of the file in time.
    NotBegun(rusqlite::Error),
    /// Nothing was written.
    GivenUp(rusqlite::Error),
    /// Nobody can know what was written.
    Unknown(rusqlite::Error),
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.next() {
            let mut group = vec![first];
            group.extend(self.queue.try_iter().take(GROUP_MAX - 1));
            self.write(group);
            let pages = self.log_pages();
            if pages < self.carried {
                // It was begun anew.
                self.carried = 0;
            }
            if pages - self.carried > LOG_PAGES {
                self.carry_over();
            }
        }
    }

    /// The next request. Carries the log over while there is none.
    fn next(&mut self) -> Option<Box<dyn Job>> {
        if self.dirty {
            match self.queue.recv_timeout(IDLE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.carry_over(),
            }
        }
        self.queue.recv().ok()
    }

    /// Makes a group durable and answers everyone in it.
    fn write(&mut self, mut group: Vec<Box<dyn Job>>) {
        if let Some(why) = &self.poison {
            return fail(group, Failed::Poisoned(why));
        }
        let began = Instant::now();
        loop {
            match self.attempt(&mut group) {
                Attempt::NotBegun(error) => {
                    group = self.keep_waiting(group, &error, began);
                    if group.is_empty() {
                        self.stall.ends();
                        return;
                    }
                }
                Attempt::Committed => {
                    self.dirty = true;
                    return group.into_iter().for_each(|job| job.answer());
                }
                Attempt::Unknown(error) => {
                    let why = error.to_string();
                    fail(group, Failed::Poisoned(&why));
                    self.poison = Some(why);
                    return;
                }
                Attempt::GivenUp(error) if group.len() == 1 => {
                    return fail(group, Failed::Database(&error));
                }
                // One of them is at fault: the others must not suffer for it.
                Attempt::GivenUp(_) => {
                    return group.into_iter().for_each(|job| self.write(vec![job]));
                }
            }
        }
    }

    /// Of a group that could not begin: what is tried again, with what was queued meanwhile. The others
    /// hear why.
    fn keep_waiting(
        &self,
        group: Vec<Box<dyn Job>>,
        error: &rusqlite::Error,
        began: Instant,
    ) -> Vec<Box<dyn Job>> {
        let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !busy || began.elapsed() >= PATIENCE {
            fail(group, Failed::Database(error));
            return Vec::new();
        }
        let (mut waiting, others) = group.into_iter().partition::<Vec<_>, _>(|job| job.waits());
        fail(others, Failed::Database(error));
        if waiting.is_empty() {
            return waiting;
        }
        std::thread::sleep(BETWEEN);
        while waiting.len() < GROUP_MAX {
            match self.queue.try_recv() {
                Ok(job) => waiting.push(job),
                Err(TryRecvError::Empty) => break,
                // The process ends: it does not wait for others.
                Err(TryRecvError::Disconnected) => {
                    fail(waiting, Failed::Database(error));
                    return Vec::new();
                }
            }
        }
        waiting
    }

    fn attempt(&self, group: &mut [Box<dyn Job>]) -> Attempt {
        self.stall.begins();
        // Immediate: a transaction that reads first could not become a writing one later.
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            return Attempt::NotBegun(error);
        }
        self.stall.ends();
        for job in group {
            if let Err(error) = job.perform(&self.connection) {
                let failed_disk = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
                let rolled_back =
                    self.connection.is_autocommit() || self.execute("ROLLBACK").is_ok();
                return if failed_disk || !rolled_back {
                    Attempt::Unknown(error)
                } else {
                    Attempt::GivenUp(error)
                };
            }
        }
        match self.execute("COMMIT") {
            Ok(()) => Attempt::Committed,
            Err(error) => {
                // So that nothing of it is durable if that can still be had.
                let _ = self.execute("ROLLBACK");
                Attempt::Unknown(error)
            }
        }
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute(()).map(|_| ())
    }

    /// Pages in the write-ahead log, carried over or not. Reads no file.
    fn log_pages(&self) -> u64 {
        let pages = self
            .connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|mut ask| ask.query_row((), |row| row.get::<_, i64>(1)));
        pages.map_or(0, |pages| u64::try_from(pages).unwrap_or(0))
    }

    /// Carries the log over into the database, as far as readers let it, and cuts a long one. What
    /// they keep is tried again after as many pages more, or at the next pause.
    fn carry_over(&mut self) {
        self.dirty = false;
        if self.poison.is_some() {
            return;
        }
        let log_bytes = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let statement = if log_bytes > LOG_BYTES {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else {
            "PRAGMA wal_checkpoint(PASSIVE)"
        };
        // Readers that are in the way are not waited for.
        let done = self
            .connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| self.connection.query_row(statement, (), |_| Ok(())));
        let restored = self.connection.busy_timeout(BUSY);
        if let Err(error) = done.and(restored)
            && error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
        {
            self.poison = Some(error.to_string());
        }
        self.carried = self.log_pages();
    }
}

fn fail(group: Vec<Box<dyn Job>>, error: Failed<'_>) {
    for job in group {
        job.fail(error);
    }
}

#[cfg(test)]
mod tests;
