//! Running a program under a supervisor, seen from the host.

mod capture;
mod stream;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::confine::Confinement;
use crate::stop::Stop;
use crate::supervise::{Ended, HEADER, Header, SEPARATOR, start_ticks, write_task};

pub use capture::{Keep, Kept};
pub use stream::{StreamLaunch, StreamProcess, Streaming};

/// How to start the supervisor process: the hidden sub-command `baton supervise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// The executable, absolute.
    pub program: PathBuf,
    /// The words that lead it to [`supervise::main`](crate::supervise::main), none of them `--`.
    pub args: Vec<String>,
}

/// How long the streams of a supervisor that has ended are still read.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(2);

/// How long a supervisor may take to end after it was told to. It gives its program 200 ms and the
/// kernel two seconds.
const SUPERVISOR_END_WAIT: Duration = Duration::from_secs(10);

/// A program to run.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// The program, absolute, and its arguments.
    pub argv: Vec<&'a OsStr>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: &'a Path,
    /// What it reads on standard input, at most [`TASK_BYTES_MAX`](crate::supervise::TASK_BYTES_MAX)
    /// bytes.
    pub task: Vec<u8>,
    /// What is kept of its standard output.
    pub stdout: Keep,
    /// What is kept of its standard error.
    pub stderr: Keep,
    /// What it is kept from; none: nothing.
    pub confinement: Option<Confinement>,
}

/// What a program left.
#[derive(Default, Clone, Debug)]
pub struct Remains {
    /// How it ended. None: the supervisor died before it could say.
    pub ended: Option<Ended>,
    /// Of its standard output.
    pub stdout: Kept,
    /// Of its standard error.
    pub stderr: Kept,
}

/// Why there is nothing left of a program.
#[derive(Debug)]
pub enum RunError {
    /// The supervisor could not be started.
    Start(io::Error),
    /// It wrote more than [`Keep::All`] lets pass; it was killed.
    Output,
    /// It was killed for another reason.
    Stopped(Stop),
}

impl Supervisor {
    /// Runs a program until it and all its descendants are gone. `started` is told the number and
    /// the start of the supervisor before the program is started; `stop` ends both early. If the
    /// future is dropped, they end too, but nobody waits for it.
    ///
    /// # Errors
    /// When there are no remains to speak of.
    pub async fn run(
        &self,
        launch: Launch<'_>,
        started: impl FnOnce(u32, u64),
        stop: impl Future<Output = Stop>,
    ) -> Result<Remains, RunError> {
        let Launch { argv, environment, directory, task, stdout, stderr, confinement } = launch;
        let header = confinement
            .map(|own| Header { stream: false, confinement: Some(own) }.to_bytes())
            .transpose()
            .map_err(RunError::Start)?;
        let start = self.start(&argv, &environment, directory, header.is_some());
        let (mut child, control) = start.map_err(RunError::Start)?;
        if let Some(pid) = child.id() {
            started(pid, start_ticks(pid).unwrap_or_default());
        }
        let (mut status, mut orders) = control.into_split();
        let stdout = stdout.read(child.stdout.take());
        let stderr = stderr.read(child.stderr.take());
        let exchange = async {
            // A supervisor that does not listen has ended, and its status says how.
            let hand_over = async {
                if let Some(header) = &header {
                    let _ = write_task(&mut orders, header).await;
                }
                let _ = write_task(&mut orders, &task).await;
                Ok(())
            };
            let told = async {
                let mut told = Vec::new();
                let _ = status.read_to_end(&mut told).await;
                Ok(told)
            };
            let (_, told, stderr, stdout) = tokio::try_join!(hand_over, told, stderr, stdout)
                .map_err(|_: capture::TooMuch| RunError::Output)?;
            Ok(Remains { ended: serde_json::from_slice(&told).ok(), stdout, stderr })
        };
        let result = tokio::select! {
            result = exchange => result,
            stop = stop => Err(RunError::Stopped(stop)),
            () = gone(&mut child) => Ok(Remains::default()),
        };
        // The end of the stream is what tells a supervisor to end. It may have done so already.
        let _ = orders.shutdown().await;
        end(&mut child).await;
        result
    }

    /// Starts a supervisor, which waits for what it is told over the socket.
    fn start(
        &self,
        argv: &[impl AsRef<OsStr>],
        environment: &[(OsString, OsString)],
        directory: &Path,
        header: bool,
    ) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        // The command holds the other end until it is dropped, which must be before anybody waits
        // for the end of the stream.
        let child = Command::new(&self.program)
            .args(&self.args)
            .args(header.then_some(HEADER))
            .arg(SEPARATOR)
            .args(argv)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        Ok((child, UnixStream::from_std(ours)?))
    }
}

/// Waits until a supervisor has ended, and then as long as the last of what it said may take. What
/// outlives a supervisor that was killed may hold its streams open for ever.
async fn gone(supervisor: &mut Child) {
    let _ = supervisor.wait().await;
    tokio::time::sleep(LAST_WORDS_WAIT).await;
}

/// Waits until a supervisor has ended. One that does not end in time is killed, and its program
/// with it.
async fn end(supervisor: &mut Child) {
    if timeout(SUPERVISOR_END_WAIT, supervisor.wait()).await.is_err() {
        // It may have ended in this moment, which is what is wanted.
        let _ = supervisor.start_kill();
        let _ = timeout(SUPERVISOR_END_WAIT, supervisor.wait()).await;
    }
}
