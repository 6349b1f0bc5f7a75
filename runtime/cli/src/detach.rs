//! Runs that go on in the background: the same binary drives them, in a session of its own.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use baton_core::budget::Caps;
use baton_core::ids::RunId;
use baton_journal::rows::State;
use baton_journal::store::Journal;
use serde::Serialize;

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{note, stdout};
use crate::{session, shapes};

/// Folder of what processes in the background say, in the state directory.
const LOGS: &str = "logs";
/// How long a process may take to own its run: components may have to be compiled first.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of a log that an error shows.
const TAIL: u64 = 2_000;

/// A run in the background, of `run --detach --json` and `resume --detach --json`.
#[derive(Serialize)]
struct Shape<'a> {
    run: &'a RunId,
    state: State,
    pid: u32,
    log: String,
}

/// Makes this process one in the background: a session of its own, so that no terminal ends it. `caps`
/// is what it was given of them.
///
/// # Errors
/// When the system does not allow it, or the caps cannot be read.
pub fn settle(caps: &str) -> Result<Caps> {
    rustix::process::setsid().map_err(|error| {
        CliError::new(Code::Background, "cannot leave the terminal").because(&error)
    })?;
    serde_json::from_str(caps)
        .map_err(|error| CliError::new(Code::Argument, "--background takes caps").because(&error))
}

/// Lets a process in the background go on with a run, and waits until it owns it. `caps` replace those
/// of the run; `more` are further arguments of its `baton resume`.
///
/// # Errors
/// When it cannot be started, or ended at once.
pub fn go_on(home: &Home, run: &RunId, caps: &Caps, more: &[String], json: bool) -> Result<Exit> {
    let path = log_path(home, run)?;
    let log = open(&path)?;
    let began = log.metadata().map_or(0, |facts| facts.len());
    let journal = home.read_existing()?;
    let before = block_on(async { Ok(journal.run(run).await?.map_or(0, |row| row.records)) })?;
    let mut child = start(home, run, caps, more, log)?;
    let pid = child.id();
    let state = block_on(owned(&*journal, run, before, &mut child))?;
    let Some(state) = state else {
        let message = format!("the process in the background that was to drive {run} has ended");
        let mut error = CliError::new(Code::Background, message)
            .hint(format!("`baton resume {run}` goes on here; {} has all of it", path.display()));
        if let Some(said) = tail(&path, began) {
            error = error.frame(said);
        }
        return Err(error);
    };
    if json {
        let log = path.display().to_string();
        stdout(&shapes::line(&Shape { run, state, pid, log })?)?;
    } else {
        stdout(&format!("{run}\n"))?;
        note(&format!(
            "goes on in the background as process {pid}: `baton attach {run}` follows it, `baton pause \
             {run}` stops it; what it says is in {}",
            path.display()
        ));
    }
    Ok(Exit::Done)
}

fn start(home: &Home, run: &RunId, caps: &Caps, more: &[String], log: File) -> Result<Child> {
    let problem = |error: &std::io::Error| {
        CliError::new(Code::Background, "cannot start a process in the background").because(error)
    };
    let again = log.try_clone().map_err(|error| problem(&error))?;
    let home = std::path::absolute(home.dir()).map_err(|error| problem(&error))?;
    let caps = serde_json::to_string(caps).map_err(|error| problem(&error.into()))?;
    Command::new(session::supervisor()?.program)
        .arg("--home")
        .arg(home)
        .args(["--plain", "resume", run.as_str(), "--wait", "--yes", "--background", &caps])
        .args(more)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(again)
        .spawn()
        .map_err(|error| problem(&error))
}

/// Waits until the process drives the run, which then has more than `before` records; its state then.
/// None: the process ended without that.
async fn owned(
    journal: &dyn Journal,
    run: &RunId,
    before: u64,
    child: &mut Child,
) -> Result<Option<State>> {
    let began = Instant::now();
    loop {
        // Before the look at the run: what a process did before it ended is seen.
        let ended = child.try_wait().ok().flatten().is_some();
        let row = journal.run(run).await?;
        if let Some(row) = row
            && row.records > before
        {
            return Ok(Some(row.state));
        }
        if ended || began.elapsed() > PATIENCE {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Where the process that drives a run in the background says what it says.
fn log_path(home: &Home, run: &RunId) -> Result<PathBuf> {
    let folder = home.dir().join(LOGS);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| CliError::file("make", &folder, &error))?;
    let folder = folder.canonicalize().map_err(|error| CliError::file("use", &folder, &error))?;
    Ok(folder.join(format!("{run}.log")))
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| CliError::file("write", path, &error))
}

/// The end of what was said since the log had `began` bytes.
fn tail(path: &Path, began: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(began.max(size.saturating_sub(TAIL)))).ok()?;
    let mut said = Vec::new();
    file.read_to_end(&mut said).ok()?;
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    (!said.is_empty()).then_some(said)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_end_of_a_log_is_what_was_said_since() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "before\nnow\n").unwrap();
        assert_eq!(tail(file.path(), 7).as_deref(), Some("now"));
        assert_eq!(tail(file.path(), 11), None);
        std::fs::write(file.path(), "x".repeat(5_000)).unwrap();
        assert_eq!(tail(file.path(), 0).unwrap().len() as u64, TAIL);
    }
}
