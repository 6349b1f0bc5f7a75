//! What a host and its supervisor, and a supervisor and its stage, say to each other.
//!
//! Towards the program: one frame, the length of the task in four bytes, least significant first,
//! and its bytes. Back: one JSON text, ended by the end of the stream.
//!
//! A supervisor that was called with [`HEADER`](super::HEADER) expects a frame before the task: a
//! [`Header`] as JSON. If that says `stream`, there is no task: what follows the header is what the
//! program reads on standard input, until the host shuts that direction down.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::confine::Confinement;

/// Bytes of one task. Above every limit of a run that its parts have together.
pub const TASK_BYTES_MAX: usize = 16 << 20;

/// What a host says before the task, where there is more to say than the task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Header {
    /// Whether standard input of the program is what follows, instead of a task.
    pub stream: bool,
    /// What the program is kept from; none: nothing.
    pub confinement: Option<Confinement>,
}

impl Header {
    /// As a frame's bytes.
    ///
    /// # Errors
    /// When a path is no text.
    pub(crate) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(io::Error::from)
    }
}

/// What a supervisor says to its stage before the task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Orders {
    /// The supervisor's descriptor of the pipe that is to be standard input; none: a task follows,
    /// and is.
    pub stdin: Option<i32>,
    /// As of [`Header`].
    pub confinement: Option<Confinement>,
}

/// How a program under a supervisor ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It exited with this status.
    Exited(i32),
    /// This signal ended it.
    Signalled(i32),
    /// It was killed because the host went away or asked for it.
    Killed,
    /// The operating system did not start it, and said why.
    NotStarted(String),
}

impl Ended {
    /// The exit code that stands for it, as a shell would say it.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Exited(status) => u8::try_from(*status).unwrap_or(u8::MAX),
            Self::Signalled(signal) => u8::try_from(128 + *signal).unwrap_or(u8::MAX),
            Self::Killed => 143,
            Self::NotStarted(_) => 127,
        }
    }
}

/// Sends a task.
///
/// # Errors
/// When it is too large or the other end is gone.
pub(crate) async fn write_task(to: &mut (impl AsyncWrite + Unpin), task: &[u8]) -> io::Result<()> {
    let length = length(task.len())?;
    to.write_all(&length.to_le_bytes()).await?;
    to.write_all(task).await?;
    to.flush().await
}

/// Receives a task.
///
/// # Errors
/// When it is too large or the other end went away before its last byte.
pub(super) async fn read_task(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    from.read_exact(&mut head).await?;
    let mut task = vec![0; announced(head)?];
    from.read_exact(&mut task).await?;
    Ok(task)
}

/// [`read_task`] for a process without a runtime.
///
/// # Errors
/// As [`read_task`].
pub(super) fn read_task_blocking(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = [0; 4];
    from.read_exact(&mut head)?;
    let mut task = vec![0; announced(head)?];
    from.read_exact(&mut task)?;
    Ok(task)
}

fn length(bytes: usize) -> io::Result<u32> {
    match u32::try_from(bytes) {
        Ok(length) if bytes <= TASK_BYTES_MAX => Ok(length),
        _ => Err(too_large(bytes)),
    }
}

fn announced(head: [u8; 4]) -> io::Result<usize> {
    let bytes = u32::from_le_bytes(head) as usize;
    if bytes <= TASK_BYTES_MAX { Ok(bytes) } else { Err(too_large(bytes)) }
}

fn too_large(bytes: usize) -> io::Error {
    let message = format!("a task of {bytes} bytes; the limit is {TASK_BYTES_MAX}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
