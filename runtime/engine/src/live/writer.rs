//! The thread that writes files, and what it is given to write.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use baton_agents::backend::Activity;
use baton_core::ids::{RunId, TaskPath};
use tokio::sync::oneshot;

use super::{FILE_BYTES_MAX, Said, is_folder, line, newest, older};

/// Time between two writes.
const BATCH: Duration = Duration::from_millis(80);
/// Bytes of one run that wait to be written; what is said beyond is left out.
const WAITING_BYTES_MAX: usize = 1 << 20;
/// Bytes of a line beside its text, about.
const LINE_BYTES: usize = 64;
/// How long a run goes without a file after a write failed.
const RESPITE: Duration = Duration::from_secs(5);
/// How long whoever ends a run waits until its file is gone.
const END_MAX: Duration = Duration::from_secs(1);

/// Writes what agents say. One for all runs of an engine; its thread begins with the first word.
pub(crate) struct Writer {
    dir: PathBuf,
    desk: Arc<Desk>,
}

/// What lies between those who say something and the thread.
#[derive(Default)]
struct Desk {
    tray: Mutex<Tray>,
    news: Condvar,
}

/// A run whose files are to go, and who waits for that.
type Ended = (RunId, oneshot::Sender<()>);

#[derive(Default)]
struct Tray {
    runs: BTreeMap<RunId, Waiting>,
    ended: Vec<Ended>,
    /// There is a thread.
    begun: bool,
    /// Nobody says anything any more.
    over: bool,
}

/// What was said in a run and is not written yet.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) said: Vec<Said>,
    /// What each agent said last, by its place there.
    last: BTreeMap<TaskPath, usize>,
    pub(super) bytes: usize,
}

impl Waiting {
    pub(super) fn take(&mut self, said: &Said) {
        let text = said.activity.text();
        if self.bytes.saturating_add(text.len()) > WAITING_BYTES_MAX {
            return;
        }
        self.bytes += text.len();
        let last = self.last.get(&said.task).and_then(|at| self.said.get_mut(*at));
        if let Some(last) = last {
            let follows = last.from + last.activity.text().len() as u64 == said.from;
            match (&mut last.activity, &said.activity) {
                (Activity::Text(all), Activity::Text(more))
                | (Activity::Thinking(all), Activity::Thinking(more))
                    if follows =>
                {
                    all.push_str(more);
                    return;
                }
                (Activity::Waiting, Activity::Waiting) => {
                    last.after = said.after;
                    return;
                }
                _ => {}
            }
        }
        self.bytes += LINE_BYTES;
        self.last.insert(said.task.clone(), self.said.len());
        self.said.push(said.clone());
    }
}

impl Writer {
    /// Writes into this folder, which is made when it is needed.
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir, desk: Arc::default() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Has something written soon.
    pub(crate) fn say(&self, run: &RunId, said: &Said) {
        let mut tray = self.desk.lock();
        if !tray.begun {
            let (dir, desk) = (self.dir.clone(), Arc::clone(&self.desk));
            let thread = std::thread::Builder::new().name("baton-live".into());
            if thread.spawn(move || write(&dir, &desk)).is_err() {
                return;
            }
            tray.begun = true;
        }
        let first = tray.runs.is_empty();
        match tray.runs.get_mut(run) {
            Some(waiting) => waiting.take(said),
            None => tray.runs.entry(run.clone()).or_default().take(said),
        }
        drop(tray);
        if first {
            self.desk.news.notify_one();
        }
    }

    /// Has the files of a run removed, and waits until they are, for a moment at the most.
    pub(crate) async fn end(&self, run: &RunId) {
        let (gone, is_gone) = oneshot::channel();
        {
            let mut tray = self.desk.lock();
            if !tray.begun {
                return;
            }
            tray.runs.remove(run);
            tray.ended.push((run.clone(), gone));
        }
        self.desk.news.notify_one();
        // A disk that does not answer keeps no run from ending.
        let _ = tokio::time::timeout(END_MAX, is_gone).await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.desk.lock().over = true;
        self.desk.news.notify_one();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Tray> {
        // Every change of it is whole, whatever happens elsewhere.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written and whose files are to go, when it is time for that; none: nothing more
    /// comes.
    fn next(&self) -> Option<(BTreeMap<RunId, Waiting>, Vec<Ended>)> {
        let mut tray = self.lock();
        let mut since: Option<Instant> = None;
        loop {
            if !tray.ended.is_empty() || tray.over {
                break;
            }
            if tray.runs.is_empty() {
                since = None;
                tray = self.news.wait(tray).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let left = BATCH.saturating_sub(since.get_or_insert_with(Instant::now).elapsed());
            if left.is_zero() {
                break;
            }
            tray = self.news.wait_timeout(tray, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (runs, ended) = (std::mem::take(&mut tray.runs), std::mem::take(&mut tray.ended));
        (!tray.over || !ended.is_empty()).then_some((runs, ended))
    }
}

/// Writes until nobody says anything any more.
fn write(dir: &Path, desk: &Desk) {
    let mut files: BTreeMap<RunId, Log> = BTreeMap::new();
    while let Some((runs, ended)) = desk.next() {
        for (run, waiting) in runs {
            files.entry(run.clone()).or_default().write(dir, &run, &waiting.said);
        }
        for (run, gone) in ended {
            if let Some(log) = files.remove(&run) {
                log.end(dir, &run);
            }
            let _ = gone.send(());
        }
    }
    for (run, log) in files {
        log.end(dir, &run);
    }
}

/// The file of one run.
#[derive(Default)]
struct Log {
    file: Option<(File, u64)>,
    /// When a write failed.
    failed: Option<Instant>,
    buffer: Vec<u8>,
}

impl Log {
    fn write(&mut self, dir: &Path, run: &RunId, said: &[Said]) {
        if self.failed.is_some_and(|failed| failed.elapsed() < RESPITE) {
            return;
        }
        self.failed = None;
        self.buffer.clear();
        for one in said {
            line::write(one, &mut self.buffer);
        }
        if self.append(dir, run).is_err() {
            // What is there may end in the middle of a line, and takes room that others need.
            (self.file, self.failed) = (None, Some(Instant::now()));
            let _ = super::remove(dir, run);
        }
    }

    /// Removes it, unless the run has another owner by now, who has begun another file. What cannot be
    /// removed is removed by the next owner, or by `baton gc`.
    fn end(self, dir: &Path, run: &RunId) {
        let id = |about: Metadata| (about.dev(), about.ino());
        let own = self.file.and_then(|(file, _)| file.metadata().ok()).map(id);
        if own == std::fs::symlink_metadata(newest(dir, run)).ok().map(id) {
            let _ = super::remove(dir, run);
        }
    }

    fn append(&mut self, dir: &Path, run: &RunId) -> io::Result<()> {
        if self.file.as_ref().is_some_and(|(_, bytes)| *bytes >= FILE_BYTES_MAX) {
            self.file = None;
            std::fs::rename(newest(dir, run), older(dir, run))?;
        }
        let (file, bytes) = match &mut self.file {
            Some(file) => file,
            None => self.file.insert((create(dir, run)?, 0)),
        };
        file.write_all(&self.buffer)?;
        *bytes += self.buffer.len() as u64;
        Ok(())
    }
}

/// A new file that nobody else can read.
fn create(dir: &Path, run: &RunId) -> io::Result<File> {
    if !is_folder(dir) {
        // Fails where anything else has its name, a link as well.
        DirBuilder::new().mode(0o700).create(dir)?;
    }
    let path = newest(dir, run);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A link that somebody put there is not followed.
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}
