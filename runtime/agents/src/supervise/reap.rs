//! Killing what a dead host left behind.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::processes::{Process, descendants};

/// How long a supervisor may take to end after everything below it was killed. It needs a few
/// milliseconds; only processes that the kernel cannot end at once take longer.
const END_WAIT: Duration = Duration::from_secs(2);

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(1);

/// Kills the supervisor `pid` and everything below it, at once, if it still runs and began at
/// `ticks`. Call it before a task of a dead host is started again: when it returns, the processes
/// of the earlier attempt are gone. Blocks for at most about two seconds, usually a few
/// milliseconds.
///
/// Returns whether there was anything to kill: `false` also if the number now belongs to another
/// process, which is left alone.
pub fn reap(pid: u32, ticks: u64) -> bool {
    let Some(supervisor) = Process::find(pid) else {
        return false;
    };
    if supervisor.ticks != ticks || supervisor.zombie {
        return false;
    }
    // The supervisor knows for certain when nothing is left, so it is asked to end and its program
    // is given no time for last words.
    supervisor.signal(Signal::TERM);
    supervisor.signal(Signal::CONT);
    let give_up = Instant::now() + END_WAIT;
    while supervisor.runs() {
        for process in descendants(pid) {
            process.signal(Signal::KILL);
        }
        if Instant::now() >= give_up {
            supervisor.signal(Signal::KILL);
            break;
        }
        sleep(POLL);
    }
    true
}
