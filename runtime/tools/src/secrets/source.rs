//! Where values come from.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use baton_core::tool::SecretSource;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use super::error::SecretProblem;
use super::{SECRET_BYTES_MAX, SECRET_CHARACTERS_MIN};

/// How long a command has to write a secret.
const COMMAND_TIME: Duration = Duration::from_secs(10);

/// Bytes that are read of a source: one line break more than a secret may have, and one byte to see
/// that there is more.
const READ_BYTES_MAX: u64 = SECRET_BYTES_MAX as u64 + 3;

/// The value that a source brings.
pub(super) async fn resolve(source: &SecretSource) -> Result<Arc<str>, SecretProblem> {
    let bytes = match source {
        SecretSource::Env(name) => {
            let missing = || SecretProblem::NotSet(name.clone());
            return checked(&text(env(name).ok_or_else(missing)?.into_encoded_bytes())?);
        }
        SecretSource::File(path) => file(path).await?,
        SecretSource::Command(argv) => command(argv, COMMAND_TIME).await?,
    };
    let text = text(bytes)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    checked(line.strip_suffix('\r').unwrap_or(line))
}

/// Whether everybody on this machine can read a file.
pub(super) fn is_open_to_all(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

fn env(name: &str) -> Option<OsString> {
    // Names that the system cannot hold would end the process.
    let fits = !name.is_empty() && !name.contains(['=', '\0']);
    fits.then(|| std::env::var_os(name))?
}

fn text(bytes: Vec<u8>) -> Result<String, SecretProblem> {
    String::from_utf8(bytes).map_err(|_| SecretProblem::NotText)
}

fn checked(text: &str) -> Result<Arc<str>, SecretProblem> {
    if text.len() > SECRET_BYTES_MAX {
        return Err(SecretProblem::TooLong);
    }
    // What is around it may be cut off on the way, and then what is left must still be recognized.
    if text.trim().chars().count() < SECRET_CHARACTERS_MIN {
        return Err(SecretProblem::TooShort);
    }
    Ok(text.into())
}

async fn file(path: &str) -> Result<Vec<u8>, SecretProblem> {
    let problem = |error: &dyn std::fmt::Display| SecretProblem::File {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read_file(Path::new(&owned))).await;
    read.map_err(|error| problem(&error))?.map_err(|error| problem(&error))
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe or a device could keep the reader for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(READ_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a command writes to its standard output. It has no shell and no input, and everything it
/// started ends with it.
pub(super) async fn command(argv: &[String], time: Duration) -> Result<Vec<u8>, SecretProblem> {
    let program = argv.first().cloned().unwrap_or_default();
    let start = |problem: String| SecretProblem::Start { program: program.clone(), problem };
    let mut child = Command::new(&program)
        .args(argv.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| start(error.to_string()))?;
    let group = Group::of(&child);
    let mut bytes = Vec::new();
    let work = async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(READ_BYTES_MAX).read_to_end(&mut bytes).await?;
        }
        if bytes.len() as u64 == READ_BYTES_MAX {
            // Nobody reads the rest, so it would never end.
            return Ok(None);
        }
        child.wait().await.map(Some)
    };
    let ended = tokio::time::timeout(time, work).await;
    drop(group);
    match ended {
        Err(_) => Err(SecretProblem::TimedOut { program, seconds: time.as_secs() }),
        Ok(Err(error)) => Err(start(error.to_string())),
        Ok(Ok(None)) => Err(SecretProblem::TooLong),
        Ok(Ok(Some(status))) if status.success() => Ok(bytes),
        Ok(Ok(Some(status))) => Err(SecretProblem::Failed { program, status: status.to_string() }),
    }
}

/// A process group, killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
