//! What a call asks for: the program, where it runs, what it reads.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use baton_agents::backend::{BackendError, JobContext, Notice};
use baton_agents::command;
use baton_agents::confine::may_write;
use baton_agents::supervise::TASK_BYTES_MAX;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Capability;
use baton_core::tool::{Denial, ExecInput};
use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use crate::job::ToolJob;
use crate::toolbox::permanent;

/// Why a command is not run.
#[derive(Debug)]
pub(super) enum Refused {
    /// It may not be.
    Denied(Denial),
    /// It cannot be.
    Failed(Failure),
}

impl Refused {
    /// The error of the call; what may not be goes on record.
    pub(super) fn tell(self, context: &JobContext) -> BackendError {
        let denial = match self {
            Self::Failed(failure) => return BackendError::Permanent(failure),
            Self::Denied(denial) => denial,
        };
        let message = format!("{}: {}", denial.tried, denial.hint);
        let failure = Failure::new(FailureKind::Refused, denial.code.as_str(), message);
        // A closed channel means that nobody keeps a journal of this job.
        let _ = context.notices.send(Notice::Denied(denial));
        BackendError::Permanent(failure)
    }
}

fn failed(code: &str, message: impl Into<String>) -> Refused {
    Refused::Failed(Failure::new(FailureKind::Failed, code, message))
}

fn denied(capability: Capability, code: &str, tried: String, hint: &str) -> Refused {
    Refused::Denied(Denial { capability, code: code.into(), tried, hint: hint.into() })
}

/// Takes an input apart.
pub(super) fn parse(input: &Json, limits: &Limits) -> Result<ExecInput, BackendError> {
    let wrong = |message: String| permanent(FailureKind::Failed, "tool-input", message);
    let input: ExecInput = serde_json::from_str(input.as_str())
        .map_err(|error| wrong(format!("the input of `exec`: {error}")))?;
    if input.argv.first().is_none_or(String::is_empty) {
        return Err(wrong("`argv` names no program".into()));
    }
    if input.argv.iter().chain(&input.cwd).any(|word| word.contains('\0')) {
        return Err(wrong("`argv` or `cwd` holds a NUL character".into()));
    }
    let (size, max) = (input.stdin.as_ref().map_or(0, String::len), limits.tools.exec_input_bytes);
    let max = max.min(TASK_BYTES_MAX as u64);
    if size as u64 > max {
        let message = format!("`stdin` has {size} bytes; the limit is {max}");
        return Err(permanent(FailureKind::Limit, "tools.exec_input_bytes", message));
    }
    Ok(input)
}

/// The file to execute, absolute.
pub(super) fn program(input: &ExecInput, job: &ToolJob) -> Result<PathBuf, Refused> {
    let name = input.argv.first().map_or("", String::as_str);
    // Core asked the same before; whoever starts a program does not rely on that.
    if !job.authority.exec.as_ref().is_some_and(|exec| exec.allows(&input.argv)) {
        return Err(denied(
            Capability::Exec,
            "exec-not-granted",
            format!("the command `{name}`"),
            "it is not granted with these arguments",
        ));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(failed(
            "tool-input",
            format!(
                "`{name}` is a relative path; write a name that is in PATH, or an absolute path"
            ),
        ));
    }
    let file = command::find(Path::new(name))
        .map_err(|failure| Refused::Failed(Failure { code: "exec-start".into(), ..failure }))?;
    let root = job.root.as_deref().map(|root| root.canonicalize().unwrap_or_else(|_| root.into()));
    let may_write = |path: &Path| {
        let within = root.as_deref().and_then(|root| path.strip_prefix(root).ok());
        within.is_some_and(|path| may_write(&job.authority, path))
    };
    if leads_through(&file, may_write) {
        return Err(denied(
            Capability::Exec,
            "exec-writable-program",
            format!("the command `{name}`"),
            "its file lies where the call itself may write; grant writing elsewhere, or move it",
        ));
    }
    Ok(file)
}

/// Links that are followed to a program; as many as the kernel follows.
const LINKS_MAX: usize = 40;

/// Whether a file, or a link on the way to it, is one of those meant.
fn leads_through(file: &Path, meant: impl Fn(&Path) -> bool) -> bool {
    let mut at = file.to_owned();
    for _ in 0..LINKS_MAX {
        let (Some(directory), Some(name)) = (at.parent(), at.file_name()) else { return false };
        let Ok(directory) = directory.canonicalize() else { return false };
        let place = directory.join(name);
        if meant(&place) {
            return true;
        }
        match std::fs::read_link(&place) {
            Ok(next) => at = directory.join(next),
            Err(_) => return false,
        }
    }
    true
}

/// A working directory.
#[derive(Debug)]
pub(super) struct Directory {
    /// A path that leads to it as long as `held` is held.
    pub path: PathBuf,
    /// The directory itself: what has its name later does not matter.
    pub held: Option<OwnedFd>,
}

/// The working directory: the root, a directory inside of it, or, without a root, the temporary one.
pub(super) fn directory(
    input: &ExecInput,
    root: Option<&Path>,
    temporary: &Path,
) -> Result<Directory, Refused> {
    let Some(root) = root else {
        return match &input.cwd {
            Some(cwd) => Err(failed("cwd", format!("`{cwd}` is in no root: none was granted"))),
            None => Ok(Directory { path: temporary.to_owned(), held: None }),
        };
    };
    let cwd = input.cwd.as_deref().filter(|cwd| !cwd.is_empty()).unwrap_or(".");
    match beneath(root, cwd) {
        Ok(held) => {
            let path = format!("/proc/{}/fd/{}", std::process::id(), held.as_raw_fd()).into();
            Ok(Directory { path, held: Some(held) })
        }
        // It leads out of the root, or through a link that the kernel makes up.
        Err(Errno::XDEV | Errno::LOOP) => Err(denied(
            Capability::Read,
            "path-read",
            format!("the working directory `{cwd}`"),
            "it is not inside of the root",
        )),
        Err(error) => Err(failed("cwd", format!("the working directory `{cwd}`: {error}"))),
    }
}

/// Opens a directory without leaving the root, links included.
fn beneath(root: &Path, path: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(root, flags, Mode::empty())?;
    if path == "." {
        return Ok(root);
    }
    loop {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(&root, path, flags, Mode::empty(), resolve) {
            // Something was renamed meanwhile.
            Err(Errno::AGAIN | Errno::INTR) => {}
            found => return found,
        }
    }
}
