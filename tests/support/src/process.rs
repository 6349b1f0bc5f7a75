//! Waiting, signals and the ends of processes.

use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine: how long a test waits before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until something holds.
///
/// # Panics
/// When it never does.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    once(what, || holds().then_some(()));
}

/// Waits until something is there, and takes it.
///
/// # Panics
/// When it never is.
#[track_caller]
pub fn once<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        let looks = Instant::now();
        if let Some(it) = there() {
            return it;
        }
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        // Whoever waits by running commands leaves time to those that are waited for.
        sleep(looks.elapsed().max(Duration::from_millis(10)));
    }
}

/// Sends a signal, such as `-INT`, to a process.
///
/// # Panics
/// When there is no such process.
#[track_caller]
pub fn signal(name: &str, process: impl Into<u64>) {
    let process = process.into().to_string();
    let sent = Command::new("kill").args([name, &process]).status().expect("kill runs");
    assert!(sent.success(), "{name} {process}");
}

/// Ends a process without a word, as a crash or a reclaimed machine does.
///
/// # Panics
/// When it was not at work any more.
#[track_caller]
pub fn kill_9(mut child: Child) {
    assert_eq!(child.try_wait().expect("a child"), None, "it ended before it was killed");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
}

/// Whether anything of a process is alive. Its first thread is a zombie before the others have ended,
/// and until then its files are open and its locks are held.
#[must_use]
pub fn alive(process: impl Into<u64>) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", process.into())) else {
        return false;
    };
    threads.flatten().any(|thread| {
        std::fs::read_to_string(thread.path().join("stat"))
            .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or("Z").starts_with('Z'))
    })
}
