//! A project with a workflow that asks what a test says, and an agent.

use std::process::{Child, Output, Stdio};

pub use baton_test_support::until;
use baton_test_support::{Project, guest};
use serde_json::{Value, json};

/// Writes a line for every attempt, and answers with its prompt.
const WORKER: &str = r#"task=$(cat)
printf '%s\n' "$task" >> worked.txt
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
printf '{"output":"did %s"}' "$prompt"
"#;

pub struct Place {
    pub project: Project,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    /// What it printed, as JSON; null: it printed nothing.
    pub shown: Value,
    pub told: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let shown = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = match shown.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        };
        Self { code: output.status.code().unwrap_or(-1), shown, told }
    }

    /// The output of a run that is done.
    pub fn output(&self) -> &Value {
        assert_eq!((self.code, &self.shown["state"]), (0, &json!("done")), "{self}");
        &self.shown["output"]
    }

    /// Checks that it is let go, because it waits for people.
    pub fn waits(&self) -> &Self {
        assert_eq!((self.code, &self.shown["state"]), (5, &json!("waiting")), "{self}");
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n{}\n{}", self.code, self.shown, self.told)
    }
}

impl Place {
    pub fn new() -> Self {
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write(".baton/workflows/asker.wasm", guest("asker"));
        project.write("root/worker.sh", WORKER);
        Self { project }
    }

    pub fn ended(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.project.output(arguments))
    }

    /// Arguments that run the workflow with these steps, each an object with one member.
    pub fn asking(steps: &Value) -> Vec<String> {
        let input = json!({ "steps": steps }).to_string();
        let arguments = [
            "run",
            "asker",
            "--input",
            &input,
            "--root",
            "root",
            "--agent",
            "command:/bin/sh worker.sh",
        ];
        let mut arguments: Vec<String> = arguments.map(Into::into).into();
        arguments.extend(["--yes".into(), "--json".into()]);
        arguments
    }

    /// Runs it until it is done or waits for nothing but people.
    pub fn ask(&self, steps: &Value, more: &[&str]) -> Ended {
        let arguments = Self::asking(steps);
        let arguments: Vec<&str> =
            arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.ended(&arguments)
    }

    /// Starts a process that stays while people are waited for.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.project.command(arguments);
        command.arg("--wait").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The questions of all runs, once there are so many.
    pub fn questions(&self, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        until("so many questions", || {
            let output = self.project.output(&["ls", "--waiting", "--json"]);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            found = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            found.len() == count
        });
        found
    }

    /// Attempts of agents so far: what each got.
    pub fn worked(&self) -> Vec<Value> {
        let text = self.project.read("root/worked.txt");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Records of the run that was started last, of one kind.
    pub fn records(&self, kind: &str) -> Vec<Value> {
        let journal = self.project.journal(&self.project.last_run());
        journal.into_iter().filter(|record| record["kind"] == kind).collect()
    }
}

/// How a process ended that was started.
pub fn end(child: Child) -> Ended {
    Ended::of(&child.wait_with_output().unwrap())
}

pub fn gate(question: &str) -> Value {
    json!({ "gate": { "question": question } })
}

/// What an answer is for a workflow, whoever gave it.
pub fn answer(output: &Value) -> Value {
    let mut output = output.clone();
    let by = output.as_object_mut().and_then(|answer| answer.remove("by"));
    assert!(by.is_some_and(|by| by.as_str().is_some_and(|by| !by.is_empty())), "{output}");
    output
}
