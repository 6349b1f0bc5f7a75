//! The second stage: a process that ties its life to the supervisor's, confines itself where it is
//! told to, and becomes the program.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use rustix::stdio::dup2_stdin;

use super::protocol::{Ended, Orders, read_task_blocking};

/// Lowest number for a descriptor of its own: the first three are the program's.
const FIRST_FREE_FD: i32 = 3;

/// Becomes the program. Standard input is a socket to the supervisor: the task comes over it, and
/// an error that keeps the program from starting goes back. It is closed by a successful start.
pub(super) fn main(supervisor: u32, argv: &[OsString]) -> ExitCode {
    let Ok(socket) = fcntl_dupfd_cloexec(io::stdin(), FIRST_FREE_FD) else {
        return ExitCode::FAILURE;
    };
    let mut socket = File::from(socket);
    let Err(error) = become_program(supervisor, argv, &mut socket);
    let ended = Ended::NotStarted(error.to_string());
    if let Ok(text) = serde_json::to_vec(&ended) {
        // If the supervisor is gone there is nobody left to tell.
        let _ = socket.write_all(&text);
    }
    ExitCode::from(ended.exit_code())
}

fn become_program(
    supervisor: u32,
    argv: &[OsString],
    socket: &mut File,
) -> io::Result<std::convert::Infallible> {
    tie_to(supervisor)?;
    let orders: Orders = serde_json::from_slice(&read_task_blocking(socket)?)?;
    match orders.stdin {
        Some(descriptor) => {
            let path = format!("/proc/{supervisor}/fd/{descriptor}");
            dup2_stdin(&File::open(path)?)?;
        }
        None => {
            let task = read_task_blocking(socket)?;
            // A file in memory as standard input: it holds any size without somebody feeding it,
            // it ends, and unlike a socket it can be opened again as /dev/stdin.
            let mut stdin = File::from(memfd_create("task", MemfdFlags::CLOEXEC)?);
            stdin.write_all(&task)?;
            stdin.seek(SeekFrom::Start(0))?;
            dup2_stdin(&stdin)?;
        }
    }
    let [program, arguments @ ..] = argv else {
        return Err(io::Error::other("no program was named"));
    };
    if let Some(confinement) = &orders.confinement {
        confinement.enforce()?;
        // A change of credentials can undo what ties this process to the supervisor.
        tie_to(supervisor)?;
    }
    Err(Command::new(program).args(arguments).exec())
}

fn tie_to(supervisor: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // If the supervisor died before the line above, its death goes unnoticed.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get());
    if parent.and_then(|pid| u32::try_from(pid).ok()) != Some(supervisor) {
        return Err(io::Error::other("the supervisor is gone"));
    }
    Ok(())
}
