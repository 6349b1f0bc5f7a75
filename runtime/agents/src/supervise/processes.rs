//! Processes as `/proc` shows them.

use std::collections::{HashMap, HashSet};
use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process at one moment. Its number and its start together name it for as long as the machine
/// is up: numbers are used again, but not within one clock tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its number.
    pub pid: u32,
    /// The number of its parent.
    pub parent: u32,
    /// When it began, in clock ticks since boot.
    pub ticks: u64,
    /// Whether it has ended and only its exit status is left.
    pub zombie: bool,
}

impl Process {
    /// The process with this number, if there is one.
    pub(super) fn find(pid: u32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Reads a line of `/proc/PID/stat`. The name of the process stands in parentheses and may
    /// hold anything, parentheses and spaces included, so fields count from the last one.
    pub(super) fn parse(pid: u32, stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let ticks = fields.nth(17)?.parse().ok()?;
        Some(Self { pid, parent, ticks, zombie: matches!(state, "Z" | "X") })
    }

    /// Whether this very process still runs.
    pub(super) fn runs(&self) -> bool {
        Self::find(self.pid).is_some_and(|now| now.ticks == self.ticks && !now.zombie)
    }

    /// Sends a signal to this very process, or to nobody if it is gone.
    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        // The descriptor is opened before the check: if the check passes, it refers to the
        // process that was meant, and keeps doing so.
        let Some(Ok(handle)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else {
            return;
        };
        if self.runs() {
            // It may end between the check and the signal, which is what the signal is for.
            let _ = pidfd_send_signal(handle, signal);
        }
    }
}

/// When a process began, in clock ticks since boot; none if there is no such process.
#[must_use]
pub fn start_ticks(pid: u32) -> Option<u64> {
    Process::find(pid).map(|process| process.ticks)
}

/// All processes that run below `root` in the process tree, `root` not included.
///
/// A process whose parent ends while this reads may be missed; ask again.
pub(super) fn descendants(root: u32) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for entry in entries.flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(process) = pid.and_then(Process::find) {
            children.entry(process.parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if seen.insert(child.pid) {
                open.push(child.pid);
                if !child.zombie {
                    found.push(*child);
                }
            }
        }
    }
    found
}

/// The ended children of this process, except one, whose exit status nobody took.
pub(super) fn zombies_of(parent: u32, except: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| Process::find(entry.file_name().to_str()?.parse().ok()?))
        .filter(|process| process.parent == parent && process.zombie && process.pid != except)
        .map(|process| process.pid)
        .collect()
}
