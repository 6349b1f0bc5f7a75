//! Running a program under a supervisor, seen from the host.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::stop::Stop;
use crate::supervise::{Ended, SEPARATOR, start_ticks, write_task};

/// How to start the supervisor process: the hidden sub-command `baton supervise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// The executable, absolute.
    pub program: PathBuf,
    /// The words that lead it to [`supervise::main`](crate::supervise::main), none of them `--`.
    pub args: Vec<String>,
}

/// How long a supervisor may take to end after it was told to. It gives its program 200 ms and the
/// kernel two seconds.
const SUPERVISOR_END_WAIT: Duration = Duration::from_secs(10);

/// Bytes read at once.
const CHUNK_BYTES: usize = 16 << 10;

/// A program to run.
pub(crate) struct Launch<'a> {
    /// The program, absolute, and its arguments.
    pub argv: Vec<&'a OsStr>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: &'a Path,
    /// What it reads on standard input.
    pub task: Vec<u8>,
    /// Bytes it may write to standard output.
    pub stdout_bytes_max: usize,
    /// Bytes kept of the end of standard error.
    pub stderr_bytes_kept: usize,
}

/// What a program left.
#[derive(Debug)]
pub(crate) struct Remains {
    /// How it ended. None: the supervisor died before it could say.
    pub ended: Option<Ended>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The end of its standard error.
    pub stderr: Vec<u8>,
}

/// Why there is nothing left of a program.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The supervisor could not be started.
    Start(io::Error),
    /// Standard output exceeded its limit; the program was killed.
    StdoutLimit,
    /// It was killed for another reason.
    Stopped(Stop),
}

impl Supervisor {
    /// Runs a program until it and all its descendants are gone. `started` is told the number and
    /// the start of the supervisor before the program is started; `stop` ends both early. If the
    /// future is dropped, they end too, but nobody waits for it.
    pub(crate) async fn run(
        &self,
        launch: Launch<'_>,
        started: impl FnOnce(u32, u64),
        stop: impl Future<Output = Stop>,
    ) -> Result<Remains, RunError> {
        let (mut child, control) = self.start(&launch).map_err(RunError::Start)?;
        if let Some(pid) = child.id() {
            started(pid, start_ticks(pid).unwrap_or_default());
        }
        let (mut status, mut task) = control.into_split();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let exchange = async {
            // A supervisor that does not listen has ended, and its status says how.
            let hand_over = async { Ok::<_, RunError>(write_task(&mut task, &launch.task).await) };
            let told = async {
                let mut told = Vec::new();
                let _ = status.read_to_end(&mut told).await;
                Ok(told)
            };
            let stderr = async { Ok(read_tail(stderr, launch.stderr_bytes_kept).await) };
            let stdout = read_capped(stdout, launch.stdout_bytes_max);
            let (_, told, stderr, stdout) = tokio::try_join!(hand_over, told, stderr, stdout)?;
            Ok(Remains { ended: serde_json::from_slice(&told).ok(), stdout, stderr })
        };
        let result = tokio::select! {
            result = exchange => result,
            stop = stop => Err(RunError::Stopped(stop)),
        };
        // The end of the stream is what tells a supervisor to end. It may have done so already.
        let _ = task.shutdown().await;
        end(&mut child).await;
        result
    }

    fn start(&self, launch: &Launch<'_>) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        // The command holds the other end until it is dropped, which must be before anybody waits
        // for the end of the stream.
        let child = Command::new(&self.program)
            .args(&self.args)
            .arg(SEPARATOR)
            .args(&launch.argv)
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(launch.directory)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        Ok((child, UnixStream::from_std(ours)?))
    }
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

async fn read_capped(
    from: Option<impl AsyncRead + Unpin>,
    bytes_max: usize,
) -> Result<Vec<u8>, RunError> {
    let mut bytes = Vec::new();
    let Some(from) = from else { return Ok(bytes) };
    // One byte more tells the largest text that fits from the smallest that does not. A pipe that
    // fails has no more to say.
    let _ = from.take(bytes_max as u64 + 1).read_to_end(&mut bytes).await;
    if bytes.len() > bytes_max { Err(RunError::StdoutLimit) } else { Ok(bytes) }
}

async fn read_tail(from: Option<impl AsyncRead + Unpin>, bytes_kept: usize) -> Vec<u8> {
    let mut tail = Vec::new();
    let Some(mut from) = from else { return tail };
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        tail.extend_from_slice(chunk.get(..count).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(bytes_kept));
    }
    tail
}
