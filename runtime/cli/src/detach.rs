//! Runs that go on in the background: the same binary drives them, in a session of its own.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use baton_core::budget::Caps;
use baton_core::ids::RunId;
use baton_journal::rows::State;
use serde::Serialize;

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{self, Home, block_on};
use crate::output::{note, stdout};
use crate::{session, shapes};

/// Folder of what processes in the background say, in the state directory.
const LOGS: &str = "logs";
/// Ending of the file beside a log in which a process says that it drives the run.
const OWNER: &str = "pid";
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

/// A batch in the background.
#[derive(Serialize)]
struct BatchShape<'a> {
    batch: &'a str,
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
    let more: Vec<String> = ["--wait".to_owned()].iter().chain(more).cloned().collect();
    let (pid, log) = begin(home, run.as_str(), caps, &more)?;
    if json {
        let journal = home.read_existing()?;
        let row = block_on(async { Ok(journal.run(run).await?) })?;
        // Its first record may be on its way: what stood there before is over.
        let ended = row.map(|row| row.state).filter(|state| state.is_final());
        let state = ended.unwrap_or(State::Running);
        stdout(&shapes::line(&Shape { run, state, pid, log: log.display().to_string() })?)?;
    } else {
        stdout(&format!("{run}\n"))?;
        note(&format!(
            "goes on in the background as process {pid}: `baton attach {run}` follows it, `baton pause \
             {run}` stops it; what it says is in {}",
            log.display()
        ));
    }
    Ok(Exit::Done)
}

/// The same with a batch, `runs` of its lines at once.
///
/// # Errors
/// As of [`go_on`].
pub fn go_on_batch(home: &Home, batch: &str, caps: &Caps, runs: u32, json: bool) -> Result<Exit> {
    let (pid, log) = begin(home, batch, caps, &[format!("--runs={runs}")])?;
    if json {
        stdout(&shapes::line(&BatchShape { batch, pid, log: log.display().to_string() })?)?;
    } else {
        stdout(&format!("{batch}\n"))?;
        note(&format!(
            "goes on in the background as process {pid}: `baton ls --batch {batch}` shows how far it \
             is, `kill {pid}` lets what is at work finish and stops; its results are in {}",
            log.display()
        ));
    }
    Ok(Exit::Done)
}

/// Starts the process, and waits until it drives what it is to drive. Its number, and where it says what
/// it says.
fn begin(home: &Home, id: &str, caps: &Caps, more: &[String]) -> Result<(u32, PathBuf)> {
    let (logs, name) = (home.folder(LOGS)?, log_name(id));
    let (path, log) = (logs.path(&name), logs.append(&name)?);
    let began = log.metadata().map_or(0, |facts| facts.len());
    let mut child = start(home, id, caps, more, log)?;
    let pid = child.id();
    if block_on(owned(&logs.path(&owner_name(id, pid)), &mut child))? {
        return Ok((pid, path));
    }
    let message = format!("the process in the background that was to drive {id} has ended");
    let mut error = CliError::new(Code::Background, message)
        .hint(format!("`baton resume {id}` goes on here; {} has all of it", path.display()));
    if let Some(said) = tail(&path, began) {
        error = error.frame(said);
    }
    Err(error)
}

fn start(home: &Home, id: &str, caps: &Caps, more: &[String], log: File) -> Result<Child> {
    let problem = |error: &std::io::Error| {
        CliError::new(Code::Background, "cannot start a process in the background").because(error)
    };
    let again = log.try_clone().map_err(|error| problem(&error))?;
    let home = std::path::absolute(home.dir()).map_err(|error| problem(&error))?;
    let caps = serde_json::to_string(caps).map_err(|error| problem(&error.into()))?;
    Command::new(session::supervisor()?.program)
        // What people see in a list of processes.
        .arg0("baton")
        .arg("--home")
        .arg(home)
        .args(["--plain", "resume", id, "--yes", "--background", &caps])
        .args(more)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(again)
        .spawn()
        .map_err(|error| problem(&error))
}

/// Says that this process drives a run or a batch, to whoever started it in the background.
///
/// # Errors
/// When that cannot be written.
pub fn owns(home: &Home, id: &str) -> Result<()> {
    let pid = std::process::id();
    // A process of this number may have left one.
    let (logs, name) = (home.folder(LOGS)?, owner_name(id, pid));
    logs.fresh(&name)?
        .write_all(pid.to_string().as_bytes())
        .map_err(|error| CliError::file("write", &logs.path(&name), &error))
}

/// Waits until the process drives the run, as it says itself: others may try that at the same moment.
/// False: it ended without that.
async fn owned(owner: &Path, child: &mut Child) -> Result<bool> {
    let began = Instant::now();
    loop {
        // Before the look: what a process said before it ended is seen.
        let ended = child.try_wait().ok().flatten().is_some();
        let said = home::open(owner).and_then(io::read_to_string);
        if said.is_ok_and(|text| text == child.id().to_string()) {
            // Said once, to one; where it cannot be taken away nothing is lost.
            let _ = std::fs::remove_file(owner);
            return Ok(true);
        }
        if ended || began.elapsed() > PATIENCE {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Name of the log of a run or a batch.
fn log_name(id: &str) -> String {
    format!("{id}.log")
}

/// Name of the file beside a log in which the process of this number says that it drives what the log is
/// about.
fn owner_name(id: &str, pid: u32) -> String {
    format!("{id}.{pid}.{OWNER}")
}

/// The end of what was said since the log had `began` bytes.
fn tail(path: &Path, began: u64) -> Option<String> {
    let mut file = home::open(path).ok()?;
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
