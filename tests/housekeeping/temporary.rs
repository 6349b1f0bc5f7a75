//! Temporary folders of killed processes: found, counted and removed by whoever comes next.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use baton_test_support::{kill_9, until};
use serde_json::Value;

use crate::support::Bench;

/// Runs a command that writes into the folder it is given, and goes on until it is killed.
const FLOW: &str =
    "export const meta = { name: 'flow', description: 'Runs.', baton: { exec: ['sh **'] } }
const script = 'head -c 5000 /dev/zero > \"$TMPDIR/file\"; exec sleep 120'
return await baton.exec(['sh', '-c', script])
";

/// A project with a folder of its own for temporary files.
struct Place {
    bench: Bench,
    temporary: PathBuf,
}

impl Place {
    fn new() -> Self {
        let bench = Bench::new();
        bench.write("flow.js", FLOW);
        let temporary = bench.path("temporary");
        fs::create_dir(&temporary).unwrap();
        // What is there and nobody of ours made.
        for name in ["baton-notes/file", "baton-scratch-mine/file"] {
            let path = temporary.join(name);
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write(path, "mine").unwrap();
        }
        Self { bench, temporary }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("TMPDIR", &self.temporary);
        command
    }

    fn object(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Folders of processes: those with something in them that was written for a moment.
    fn folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.temporary).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.join(".baton-scratch").exists()).collect()
    }

    /// Kills a process in the middle of a command.
    fn killed(&self) {
        let before = self.folders();
        let flow = ["run", "flow.js", "--extensions", "--yes", "--grant", "exec=sh **"];
        let child =
            self.command(&flow).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("the command writes", || {
            let new = self.folders().into_iter().filter(|folder| !before.contains(folder));
            new.into_iter().any(|folder| holds(&folder))
        });
        kill_9(child);
    }
}

/// Whether the command has written all that it writes below a folder.
fn holds(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files = entries.map(|entry| entry.path().join("file"));
    files.any(|file| file.metadata().is_ok_and(|found| found.len() == 5_000))
}

#[test]
fn what_killed_processes_left_is_counted_by_doctor_and_removed_by_gc_and_by_the_next_run() {
    let place = Place::new();
    place.killed();
    let left = place.folders();
    assert_eq!(left.len(), 1, "a killed process takes nothing away");
    let counted = place.object(&["doctor", "--json"]);
    assert_eq!(counted["temporary"]["left"], 1, "{}", counted["temporary"]);
    assert!(counted["temporary"]["bytes"].as_u64().unwrap() >= 5_000, "{}", counted["temporary"]);
    let dry = place.object(&["gc", "--dry-run", "--json"]);
    assert_eq!(dry["temporary"]["files"], 1, "{dry}");
    assert_eq!(place.folders(), left, "it only says so");
    let gone = place.object(&["gc", "--json"]);
    assert_eq!(gone["temporary"]["files"], 1, "{gone}");
    assert!(place.folders().is_empty());
    // The next one who drives anything does the same, and leaves what others are at work with.
    place.killed();
    let left = place.folders();
    place.killed();
    until("the next run takes it away", || !left.iter().any(|folder| folder.exists()));
    let own = |name: &str| fs::read_to_string(place.temporary.join(name)).unwrap();
    assert_eq!(own("baton-notes/file") + &own("baton-scratch-mine/file"), "minemine");
}
