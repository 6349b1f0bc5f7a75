//! A project with a worker that notes every call, further homes, and the journal's file.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use baton_test_support::{Project, kill_9, until};
use rusqlite::Connection;
use serde_json::Value;

/// Notes the task beside itself, and answers with its prompt. From the call on that the file `hold` names
/// it does not, as long as that file is there.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
prompt=$(sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "${BATON_TASK#*/}" >> "$here/calls"
number=$(wc -l < "$here/calls")
sleep "$(cat "$here/seconds" 2>/dev/null || echo 0)"
while [ "$number" -ge "$(cat "$here/hold" 2>/dev/null || echo 1000000)" ]; do sleep 0.02; done
printf '{"output":"did %s"}' "$prompt"
"#;

/// As many agents as it is told, one after the other, and a long input for each.
pub const CHAIN: &str = "export const meta = { name: 'chain', description: 'One after the other.' }
const all = []
for (let i = 0; i < args; i++) all.push(await agent(`step ${i} after ${all.length}`))
return all
";

/// A project.
pub struct Bench(Project);

impl Deref for Bench {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.0
    }
}

impl Bench {
    pub fn new() -> Self {
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("worker.sh", WORKER);
        fs::set_permissions(project.path("worker.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        project.write("chain.js", CHAIN);
        project.write("root/page.md", "one");
        Self(project)
    }

    /// The worker as a backend.
    pub fn worker(&self) -> String {
        format!("command:{}", self.path("worker.sh").display())
    }

    /// The worker answers the call of this number and later ones when it is let.
    pub fn hold_from(&self, call: usize) {
        self.write("hold", call.to_string());
    }

    /// Every call is answered from now on.
    pub fn let_go(&self) {
        fs::remove_file(self.path("hold")).unwrap();
    }

    /// Calls of the worker by task.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for task in self.read("calls").lines() {
            *calls.entry(task.to_owned()).or_default() += 1;
        }
        calls
    }

    /// Waits until so many calls were made.
    pub fn wait_for_calls(&self, number: usize) {
        until("so many calls", || self.calls().values().sum::<usize>() >= number);
    }

    /// Runs `chain.js` to its end.
    pub fn chain(&self, length: usize, more: &[&str]) -> Value {
        let (length, worker) = (length.to_string(), self.worker());
        let mut arguments =
            vec!["run", "chain.js", "--args-json", &length, "--agent", &worker, "--yes", "--json"];
        arguments.extend(more);
        self.object(&arguments)
    }

    /// Starts `chain.js` and kills it when two calls were answered and a third is at work; returns the run.
    pub fn half(&self, length: usize, more: &[&str]) -> String {
        let third = self.calls().values().sum::<usize>() + 3;
        self.hold_from(third);
        let (length, worker) = (length.to_string(), self.worker());
        let mut arguments =
            vec!["run", "chain.js", "--args-json", &length, "--agent", &worker, "--yes"];
        arguments.extend(more);
        let child = self.spawn(&arguments);
        self.wait_for_calls(third);
        kill_9(child);
        self.let_go();
        self.last_run()
    }

    /// The binary with another home and another working directory, both below this project.
    pub fn elsewhere(&self, folder: &str, arguments: &[&str]) -> Command {
        let dir = self.path(folder);
        fs::create_dir_all(dir.join(".git")).unwrap();
        let mut command = self.command(arguments);
        command.current_dir(&dir).env("BATON_HOME", dir.join("home"));
        command
    }

    /// The journal's file, behind the journal's back.
    pub fn database(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    pub fn file(&self) -> PathBuf {
        self.path("home/journal.db")
    }

    /// Whether every record and blob that is needed is there.
    pub fn verify(&self) {
        let output = self.output(&["journal", "--verify"]);
        assert!(output.status.success(), "{}", told(&output));
    }

    /// How many blobs there are.
    pub fn blobs(&self) -> u64 {
        let count = "SELECT count(*) FROM blob";
        self.database().query_row(count, (), |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
    }
}

pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command says that must fail with this error.
pub fn fails(output: &Output, code: &str, exit: i32) -> String {
    let text = told(output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    assert!(text.contains(&format!("error[{code}]")), "not {code}: {text}");
    assert!(text.contains("hint:"), "no hint: {text}");
    text
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", told(output)))
}
