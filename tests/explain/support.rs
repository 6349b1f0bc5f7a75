//! A project with scripts and a worker that keeps the tasks it was given.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use baton_test_support::Project;
use serde_json::Value;

/// Keeps each task beside itself. Breaks and hangs where its prompt says so.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$(cat)
number=0
until mkdir "$here/tasks/$number" 2>/dev/null; do number=$((number + 1)); done
printf '%s' "$task" > "$here/tasks/$number/new"
mv "$here/tasks/$number/new" "$here/tasks/$number.json"
case $task in
    *'"prompt":"break'*) echo "it broke" >&2; exit 7 ;;
    *'"prompt":"hang'*) sleep 120 ;;
esac
printf '{"output":"answer %s","summary":"answered"}' "$number"
"#;

/// A project.
pub struct Place(pub Project);

impl Place {
    /// A project with a worker and a page in its root.
    pub fn new() -> Self {
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("root/page.md", "one");
        fs::create_dir(project.path("tasks")).unwrap();
        project.write("worker.sh", WORKER);
        let worker = project.path("worker.sh");
        fs::set_permissions(worker, fs::Permissions::from_mode(0o755)).unwrap();
        Self(project)
    }

    /// The same with a script that does this.
    pub fn with(body: &str) -> Self {
        let place = Self::new();
        place.script(body);
        place
    }

    /// Writes the script.
    pub fn script(&self, body: &str) {
        let meta = "export const meta = { name: 'flow', description: 'a flow' }\n";
        self.0.write("flow.js", format!("{meta}{body}\n"));
    }

    /// The command that runs the script with the worker, and further flags.
    pub fn running(&self, more: &[&str]) -> Command {
        let fixed = [
            "run",
            "flow.js",
            "--root",
            "root",
            "--agent",
            "command:./worker.sh",
            "--yes",
            "--json",
        ];
        self.0.command(&[&fixed[..], more].concat())
    }

    /// Runs it to where it goes by itself, and says which run it was.
    pub fn run(&self, more: &[&str]) -> String {
        let output = self.running(more).output().unwrap();
        let shown: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", told(&output)));
        shown["run"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned()
    }

    /// What a command that succeeds prints.
    pub fn says(&self, arguments: &[&str]) -> String {
        let output =
            self.0.command(arguments).env("COLUMNS", "100").env("TZ", "UTC").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The tasks that the worker was given, in order.
    pub fn tasks(&self) -> Vec<Value> {
        let texts = (0..).map(|number| self.0.read(&format!("tasks/{number}.json")));
        let texts = texts.take_while(|text| !text.is_empty());
        texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    /// Waits until this is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        baton_test_support::until(what, || so(self));
    }
}

/// What a command said to people.
pub fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{} {}{}", output.status, String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
