//! The small process between a host and a program it runs.
//!
//! A host may die without a word, and what it started must die with it. So the host starts
//! `baton supervise -- ARGV…` in a process group of its own, with one end of a socket pair as its
//! standard input. Over it the host sends the task (one frame) and then keeps it open;
//! the supervisor sends back how the program ended. The kernel closes the host's end whenever and
//! however the host dies, and that, like SIGTERM, makes the supervisor kill everything it is
//! responsible for:
//!
//! - the program, which runs in a further process group and is started only once the whole task
//!   has arrived, so a host can first write down whom to kill;
//! - every descendant of the program, also those that left its group or session: the supervisor is
//!   their subreaper, so none can leave its part of the process tree.
//!
//! A second stage of this same executable sets the parent-death signal and then becomes the
//! program: if the supervisor itself is killed, the kernel kills the program. What the program had
//! started is then nobody's child; this one case is not covered.
//!
//! With a header before the task (see `protocol.rs`) a host can have the program confined (the
//! stage does that, see [`confine`](mod@crate::confine)), and can feed its standard input as long as it
//! runs.
//!
//! Standard output and standard error pass through untouched. Linux only.

mod processes;
mod protocol;
mod reap;
mod relay;
mod session;
mod stage;
mod sweep;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::confine;

pub use processes::start_ticks;
pub use protocol::{Ended, TASK_BYTES_MAX};
pub use reap::reap;

pub(crate) use protocol::{Header, write_task};

/// Ends the words that belong to the sub-command; the program and its arguments follow.
pub(crate) const SEPARATOR: &str = "--";

/// Says that a header comes before the task.
pub(crate) const HEADER: &str = "--header";

/// Asks what this machine can enforce, instead of starting a program.
pub(crate) const PROBE: &str = "--probe";

/// Marks the second stage; the number of the supervisor's process follows.
const STAGE: &str = "--stage=";

/// Exit code of a supervisor that was called wrongly, as of every command.
const EXIT_USAGE: u8 = 2;

/// How this process was called.
struct Call {
    /// Words before the separator, without the executable: they lead here again.
    prefix: Vec<OsString>,
    /// In the second stage: the process that must be the parent.
    stage_of: Option<u32>,
    /// Whether a header comes before the task.
    header: bool,
    /// The program and its arguments.
    argv: Vec<OsString>,
}

impl Call {
    fn parse(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut prefix = Vec::new();
        let mut stage_of = None;
        let mut header = false;
        loop {
            let word = words.next()?;
            if word == SEPARATOR {
                break;
            }
            if word == HEADER {
                header = true;
                continue;
            }
            match word.to_str().and_then(|word| word.strip_prefix(STAGE)) {
                Some(parent) => stage_of = Some(parent.parse().ok()?),
                None => prefix.push(word),
            }
        }
        let argv: Vec<_> = words.collect();
        if argv.is_empty() { None } else { Some(Self { prefix, stage_of, header, argv }) }
    }
}

/// Body of the hidden sub-command `supervise`. Reads its own arguments: everything up to `--` is
/// how this executable is called to arrive here, the rest is the program and its arguments.
///
/// Must be called on the main thread, before another is started: the program dies with the thread
/// that started it.
///
/// The exit code is that of the program; 128 and the signal's number if a signal ended it; 127 if
/// it could not be started; 143 if the supervisor was told to kill it; 2 if called wrongly.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().skip(1).take_while(|word| word != SEPARATOR).any(|word| word == PROBE) {
        return confine::answer_probe();
    }
    let Some(call) = Call::parse(std::env::args_os().skip(1)) else {
        eprintln!("supervise: expected `-- PROGRAM [ARGUMENT]…`; it is called by `baton` itself");
        return ExitCode::from(EXIT_USAGE);
    };
    match call.stage_of {
        Some(parent) => stage::main(parent, &call.argv),
        None => session::main(&call),
    }
}

#[cfg(test)]
mod tests;
