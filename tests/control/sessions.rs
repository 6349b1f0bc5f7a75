//! Sessions of coding agents over the death of the process that drives the run. A script stands in the
//! place of Codex.

use std::env;
use std::process::{Child, Command, Stdio};

use baton_test_support::kill_9;
use serde_json::{Value, json};

use crate::support::{Place, until};

const FLOW: &str = "export const meta = { name: 'one', description: 'One agent.' }
return await agent('Do it.')
";

/// Leaves its arguments and its task, opens a session, and ends its turn when the file `go` is there.
/// With the file `forgetful` it does not know any session.
const CODEX: &str = r#"#!/bin/sh
n=$(ls | grep -c '^task-'); n=$((n + 1))
case "$*" in *resume*) [ -e forgetful ] && { echo 'no such session' >&2; exit 1; };; esac
printf '%s\n' "$@" > args-$n; cat > task-$n
echo '{"type":"thread.started","thread_id":"thread-1"}'
echo '{"type":"turn.started"}'
while ! [ -e go ]; do sleep 0.02; done
echo "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"agent_message\",\"text\":\"answer $n\"}}"
echo "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":$((n * 10))}}"
"#;

struct Yard {
    place: Place,
}

impl Yard {
    fn new() -> Self {
        let place = Place::new();
        place.project.write("one.js", FLOW);
        place.program("bin/codex", CODEX);
        place.project.write("root/README.md", "x");
        Self { place }
    }

    /// The binary with the script first in its `PATH`.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        let path = env::var_os("PATH").unwrap_or_default();
        let own = self.place.project.path("bin");
        let folders = std::iter::once(own).chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(folders).unwrap());
        command
    }

    fn start(&self) -> Child {
        let arguments = ["run", "one.js", "--root", "root", "--agent", "codex", "--yes", "--json"];
        self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.place.project.path("root").join(name).exists()
    }

    fn run(&self) -> String {
        self.place.project.lines(&["ls", "--json"])[0]["run"].as_str().unwrap().to_owned()
    }

    /// Begins a run, and kills its process when the session is on record.
    fn killed(&self) -> String {
        let child = self.start();
        until("the agent works", || self.has("task-1"));
        let run = self.run();
        until("its session is on record", || {
            self.place.project.journal(&run).iter().any(|record| record["kind"] == "session")
        });
        kill_9(child);
        until("nobody owns it", || self.place.row(&run)["owned"] == false);
        run
    }

    fn resume(&self, run: &str) -> (Value, String) {
        let output = self.command(&["resume", run, "--json"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        (serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{shown}\n{told}")), told)
    }

    fn left(&self, name: &str) -> String {
        self.place.project.read(&format!("root/{name}"))
    }

    fn logs(&self, run: &str) -> String {
        self.place.project.journal(run).iter().map(|record| format!("{record}\n")).collect()
    }
}

#[test]
fn a_session_outlives_the_process_that_drove_its_run() {
    let yard = Yard::new();
    let run = yard.killed();
    let (told, _) = yard.place.object(&["send", &format!("{run}/1"), "be brief", "--json"]);
    assert_eq!(told["outcome"], "kept", "{told}");
    yard.place.project.write("root/go", "");
    let (result, told) = yard.resume(&run);
    assert_eq!(result["output"], "answer 2", "{result} {told}");
    assert!(yard.left("args-2").starts_with("exec\nresume\n"), "{}", yard.left("args-2"));
    assert!(yard.left("args-2").ends_with("--\nthread-1\n-\n"), "{}", yard.left("args-2"));
    let task = yard.left("task-2");
    assert!(task.contains("The work was interrupted") && task.contains("be brief"), "{task}");
    assert!(!task.contains("Do it."), "it knows its task: {task}");
    assert!(yard.logs(&run).contains("goes on with its session thread-1"), "{}", yard.logs(&run));
    let sessions: Vec<Value> = yard
        .place
        .project
        .journal(&run)
        .iter()
        .filter(|record| record["kind"] == "session")
        .map(|record| record["body"]["session"]["id"].clone())
        .collect();
    assert!(sessions.iter().all(|id| *id == json!("thread-1")), "{sessions:?}");
}

#[test]
fn an_agent_that_forgot_its_session_begins_anew() {
    let yard = Yard::new();
    let run = yard.killed();
    yard.place.project.write("root/forgetful", "");
    yard.place.project.write("root/go", "");
    let (result, told) = yard.resume(&run);
    assert_eq!(result["output"], "answer 2", "{result} {told}");
    assert!(yard.left("task-2").contains("Do it."), "{}", yard.left("task-2"));
    let logs = yard.logs(&run);
    assert!(logs.contains("does not know its session any more: it begins anew"), "{logs}");
}

#[test]
fn a_restart_begins_a_session_of_its_own() {
    let yard = Yard::new();
    let run = yard.killed();
    let (told, _) = yard.place.object(&["restart", &format!("{run}/1"), "--json"]);
    assert_eq!(told["outcome"], "kept", "{told}");
    yard.place.project.write("root/go", "");
    let (result, told) = yard.resume(&run);
    assert_eq!(result["output"], "answer 2", "{result} {told}");
    assert!(!yard.left("args-2").contains("resume"), "{}", yard.left("args-2"));
    assert!(yard.left("task-2").contains("Do it."));
}

#[test]
fn a_session_that_another_person_may_have_named_is_not_gone_on_with() {
    let yard = Yard::new();
    let run = yard.killed();
    let (code, _, told) = yard.place.said(&["export", &run, "-o", "run.baton"]);
    assert_eq!(code, 0, "{told}");
    let (told, code) = yard.place.object(&["import", "run.baton", "--as-new", "--json"]);
    assert_eq!(code, 0, "{told}");
    let copy = told["run"].as_str().unwrap().to_owned();
    assert_ne!(copy, run);
    yard.place.project.write("root/go", "");
    let output = yard.command(&["resume", &copy, "--yes", "--json"]).output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["output"], "answer 2", "{result}");
    assert!(!yard.left("args-2").contains("resume"), "{}", yard.left("args-2"));
    assert!(yard.left("task-2").contains("Do it."), "{}", yard.left("task-2"));
}

#[test]
fn a_message_is_a_further_turn_before_the_result_is_taken() {
    let yard = Yard::new();
    let child = yard.start();
    until("the agent works", || yard.has("task-1"));
    let run = yard.run();
    let (told, _) = yard.place.object(&["send", &format!("{run}/1"), "be brief", "--json"]);
    let words = "gets the message when its turn ends";
    assert!(told["message"].as_str().unwrap().contains(words), "{told}");
    yard.place.project.write("root/go", "");
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["output"], "answer 2", "{result}");
    assert!(yard.left("task-2").contains("be brief"), "{}", yard.left("task-2"));
    assert!(yard.left("args-2").contains("resume"));
    let heard = |record: &Value| record["kind"] == "heard";
    assert!(yard.place.project.journal(&run).iter().any(heard), "it is on record");
}
