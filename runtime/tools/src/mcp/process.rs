//! Servers that are programs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use baton_agents::command::{environment, find};
use baton_agents::supervise::Ended;
use baton_agents::{StreamLaunch, StreamProcess, Streaming, Supervisor};
use tokio::sync::Mutex;

/// Bytes kept of the end of standard error.
const STDERR_BYTES_KEPT: usize = 4 << 10;

/// How long a server may take to end once its standard input did.
const END_GRACE: Duration = Duration::from_secs(2);

/// A program to start as a server.
pub(super) struct Command<'a> {
    /// The program and its arguments.
    pub(super) argv: &'a [String],
    /// Its environment beside the usual few variables, secrets filled in.
    pub(super) environment: BTreeMap<String, String>,
    /// Its working directory.
    pub(super) directory: PathBuf,
}

/// Starts a program under the supervisor, which ends it with this process.
///
/// # Errors
/// Why it cannot be started.
pub(super) async fn start(
    supervisor: &Supervisor,
    command: Command<'_>,
) -> Result<Streaming, String> {
    let [program, arguments @ ..] = command.argv else {
        return Err("no program is named".into());
    };
    let program = find(Path::new(program)).map_err(|failure| failure.message)?;
    let mut argv = vec![program.into_os_string()];
    argv.extend(arguments.iter().map(OsString::from));
    let own = command.environment.into_iter().map(|(name, value)| (name.into(), value.into()));
    // Of a variable that is named twice, what the configuration says.
    let all: BTreeMap<OsString, OsString> = environment().into_iter().chain(own).collect();
    let launch = StreamLaunch {
        argv,
        environment: all.into_iter().collect(),
        directory: command.directory,
        stderr_bytes_kept: STDERR_BYTES_KEPT,
        confinement: None,
    };
    supervisor.stream(launch).await.map_err(|error| format!("no supervisor: {error}"))
}

/// The working directory of a server.
pub(super) fn directory(cwd: Option<&str>, root: Option<&Path>) -> Result<PathBuf, String> {
    match (cwd, root) {
        (Some(cwd), _) => Ok(cwd.into()),
        (None, Some(root)) => Ok(root.to_owned()),
        (None, None) => {
            env::current_dir().map_err(|error| format!("the working directory is gone: {error}"))
        }
    }
}

/// The process of a server, and how it ended. Dropping it ends the process.
pub(super) struct Process(Mutex<State>);

enum State {
    Runs(Box<StreamProcess>),
    Ended(String),
}

impl Process {
    pub(super) fn new(process: StreamProcess) -> Self {
        Self(Mutex::new(State::Runs(Box::new(process))))
    }

    /// Ends it, unless it has, and says how it did, with the end of its standard error.
    pub(super) async fn end(&self) -> String {
        let mut state = self.0.lock().await;
        match std::mem::replace(&mut *state, State::Ended("it was ended".into())) {
            State::Ended(how) => *state = State::Ended(how.clone()),
            State::Runs(process) => {
                let (ended, stderr) = process.end(END_GRACE).await;
                *state = State::Ended(describe(ended.as_ref(), &stderr));
            }
        }
        match &*state {
            State::Ended(how) => how.clone(),
            State::Runs(_) => String::new(),
        }
    }
}

fn describe(ended: Option<&Ended>, stderr: &[u8]) -> String {
    let mut text = match ended {
        Some(Ended::Exited(status)) => format!("it exited with status {status}"),
        Some(Ended::Signalled(signal)) => format!("signal {signal} ended it"),
        Some(Ended::NotStarted(why)) => format!("the program cannot be started: {why}"),
        Some(Ended::Killed) | None => "it was killed".into(),
    };
    let stderr = String::from_utf8_lossy(stderr);
    // The first line of what was kept may have lost its beginning, and a secret half of itself.
    let whole = if stderr.len() < STDERR_BYTES_KEPT {
        &stderr
    } else {
        stderr.split_once('\n').map_or("", |(_, rest)| rest)
    };
    if !whole.trim().is_empty() {
        text.push_str("; standard error ends: ");
        text.push_str(whole.trim());
    }
    text
}
