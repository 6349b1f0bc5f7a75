//! Ending a program and everything that descends from it.

use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process_group, wait};
use tokio::time::{Instant, sleep};

use super::processes::descendants;

/// What a program that is no longer wanted may use to put things in order.
const GRACE: Duration = Duration::from_millis(200);

/// How long the kernel may take to end processes after SIGKILL. One that waits for a dead disk can
/// take for ever, and the supervisor must not.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(2);

/// Asks everything below to end, and gives it [`GRACE`] to do so.
pub(super) async fn ask(program: Pid) {
    // Nobody has taken the program's exit status yet, so the group's number is still its own.
    let _ = kill_process_group(program, Signal::TERM);
    for process in below() {
        process.signal(Signal::TERM);
    }
    let end = Instant::now() + GRACE;
    while Instant::now() < end && !below().is_empty() {
        sleep(POLL).await;
    }
}

/// Kills everything below and returns when nothing is left.
pub(super) async fn kill(program: Pid) {
    // The whole group in one step, so that nobody in it can fork away in between.
    let _ = kill_process_group(program, Signal::KILL);
    let give_up = Instant::now() + KILL_WAIT;
    while !nothing_left() && Instant::now() < give_up {
        for process in below() {
            process.signal(Signal::KILL);
        }
        sleep(POLL).await;
    }
}

fn below() -> Vec<super::processes::Process> {
    descendants(getpid().as_raw_nonzero().get().unsigned_abs())
}

/// Takes all exit statuses. A subreaper without children has no descendants: that is the kernel's
/// word, where a look at `/proc` is only a snapshot.
fn nothing_left() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}
