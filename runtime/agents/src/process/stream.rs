//! A program that is spoken with while it runs.

use std::ffi::OsString;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Keep, Kept, SUPERVISOR_END_WAIT, Supervisor, end};
use crate::confine::Confinement;
use crate::supervise::{Ended, Header, start_ticks, write_task};

/// A program to speak with.
#[derive(Clone, Debug)]
pub struct StreamLaunch {
    /// The program, absolute, and its arguments.
    pub argv: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Bytes kept of the end of its standard error.
    pub stderr_bytes_kept: usize,
    /// What it is kept from; none: nothing.
    pub confinement: Option<Confinement>,
}

/// A program that runs, and its streams.
#[derive(Debug)]
pub struct Streaming {
    /// Its standard input. When this is shut down or dropped, the program reads its end and goes on.
    pub stdin: OwnedWriteHalf,
    /// Its standard output.
    pub stdout: ChildStdout,
    /// The program itself.
    pub process: StreamProcess,
}

/// A program that runs under a supervisor. Dropping it ends the program and everything that it
/// started, but nobody waits for it.
#[derive(Debug)]
pub struct StreamProcess {
    child: Child,
    pid: u32,
    ticks: u64,
    /// Where the supervisor says how the program ended.
    status: OwnedReadHalf,
    /// The same socket, to close it whoever holds its halves.
    control: StdStream,
    stderr: Arc<Mutex<Kept>>,
    reader: JoinHandle<()>,
}

impl Supervisor {
    /// Starts a program and leaves its standard streams to the caller.
    ///
    /// # Errors
    /// When the supervisor cannot be started. That the program itself cannot be started shows in
    /// how it ended.
    pub async fn stream(&self, launch: StreamLaunch) -> io::Result<Streaming> {
        let StreamLaunch { argv, environment, directory, stderr_bytes_kept, confinement } = launch;
        let header = Header { stream: true, confinement }.to_bytes()?;
        let (mut child, mut socket) = self.start(&argv, &environment, &directory, true)?;
        let pid = child.id().unwrap_or_default();
        let ticks = start_ticks(pid).unwrap_or_default();
        let control = StdStream::from(socket.as_fd().try_clone_to_owned()?);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(io::Error::other("a process without standard streams"));
        };
        write_task(&mut socket, &header).await?;
        let (status, stdin) = socket.into_split();
        let kept = Arc::default();
        let reader = tokio::spawn(read(stderr, stderr_bytes_kept, Arc::clone(&kept)));
        let process = StreamProcess { child, pid, ticks, status, control, stderr: kept, reader };
        Ok(Streaming { stdin, stdout, process })
    }
}

impl StreamProcess {
    /// Number of the supervisor, the leader of its process group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// When it began, in clock ticks since boot.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The end of standard error so far.
    #[must_use]
    pub fn stderr(&self) -> Vec<u8> {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    /// Waits until the program has ended by itself, for at most `grace`, and then ends it. Shut its
    /// standard input down before: that is how it learns that nobody speaks with it any more.
    /// Returns how it ended, none if nobody can say, and the end of its standard error.
    pub async fn end(mut self, grace: Duration) -> (Option<Ended>, Vec<u8>) {
        let mut told = Vec::new();
        let ended = match timeout(grace, self.status.read_to_end(&mut told)).await {
            Ok(_) => serde_json::from_slice(&told).ok(),
            Err(_) => Some(Ended::Killed),
        };
        self.close();
        end(&mut self.child).await;
        // Everything that could write is gone, unless the kernel could not end it.
        let _ = timeout(SUPERVISOR_END_WAIT, &mut self.reader).await;
        (ended, self.stderr())
    }

    fn close(&self) {
        // It fails if the supervisor has closed its end already.
        let _ = self.control.shutdown(Shutdown::Both);
    }
}

impl Drop for StreamProcess {
    fn drop(&mut self) {
        self.close();
    }
}

async fn read(mut from: ChildStderr, bytes_kept: usize, kept: Arc<Mutex<Kept>>) {
    let mut chunk = vec![0; 4 << 10];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        let bytes = chunk.get(..count).unwrap_or_default();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Of an end, everything can be kept.
        let _ = kept.add(Keep::End(bytes_kept), bytes);
    }
}
