//! A host that dies in the middle of a call. What the call did is counted by another process.

use std::process::Child;
use std::time::{Duration, Instant};

use baton_test_support::Project;
use serde_json::Value;

use crate::project::project;

/// Counts itself, waits until it may go on, and answers. It stands outside of the run's control: a
/// copy of it that goes on after the host died would be counted as well.
const STEP: &str = r#"#!/bin/sh
echo started >> "$1/starts"
while [ ! -e "$1/go" ]; do sleep 0.02; done
echo done >> "$1/ends"
echo "did it"
"#;

const FLOW: &str = r#"export const meta = {
  name: 'flow', description: 'One command.', baton: { exec: ['/bin/sh **'] },
}
try {
  const done = await baton.exec(['/bin/sh', args.step, args.at])
  return { stdout: done.stdout }
} catch (error) {
  return { kind: error.kind, code: error.code }
}
"#;

/// How long a process has to do what it is about to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A project with the step, and what policy says of it. The traces lie in the root, which commands
/// may write.
fn prepared(policy: &str) -> (Project, String) {
    let project = project();
    project.write("flow.js", FLOW);
    project.write("root/step.sh", STEP);
    let grants = "[grant]\nexec = [\"/bin/sh **\"]\nwrite = [\"**\"]\n";
    project.write("baton.toml", format!("{grants}{policy}"));
    let input = serde_json::json!({
        "step": project.path("root/step.sh"),
        "at": project.path("root"),
    });
    (project, input.to_string())
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn starts(project: &Project) -> usize {
    project.read("root/starts").lines().count()
}

/// Starts the run, and kills the host once the step has begun.
fn killed_in_the_middle(project: &Project, input: &str) -> String {
    let arguments = [
        "run",
        "flow.js",
        "--root",
        "root",
        "--extensions",
        "--yes",
        "--json",
        "--args-json",
        input,
    ];
    let mut host: Child = project.spawn(&arguments);
    wait_until("the start of the step", || starts(project) == 1);
    host.kill().unwrap();
    host.wait().unwrap();
    project.last_run()
}

fn resumed(project: &Project, run: &str) -> Value {
    project.object(&["resume", run, "--json"])
}

#[test]
fn what_must_not_happen_twice_is_in_doubt_after_a_crash() {
    let (project, input) = prepared("");
    let run = killed_in_the_middle(&project, &input);
    project.write("root/go", "");
    let shown = resumed(&project, &run);
    assert_eq!(shown["state"], "done", "{shown}");
    assert_eq!(shown["output"], serde_json::json!({ "kind": "in-doubt", "code": "in-doubt" }));
    assert_eq!(starts(&project), 1);
    // The one that was at work died with its host.
    assert_eq!(project.read("root/ends"), "");
}

#[test]
fn what_policy_calls_repeatable_is_repeated_once() {
    let (project, input) = prepared("[tools.exec]\neffect = \"repeatable\"\n");
    let run = killed_in_the_middle(&project, &input);
    project.write("root/go", "");
    let shown = resumed(&project, &run);
    assert_eq!(shown["state"], "done", "{shown}");
    assert_eq!(shown["output"], serde_json::json!({ "stdout": "did it\n" }));
    assert_eq!(starts(&project), 2);
    assert_eq!(project.read("root/ends"), "done\n");
}

#[test]
fn what_ended_before_the_crash_is_not_done_again() {
    let (project, input) = prepared("");
    project.write("root/go", "");
    let arguments = [
        "run",
        "flow.js",
        "--root",
        "root",
        "--extensions",
        "--yes",
        "--json",
        "--args-json",
        &input,
    ];
    let shown = project.object(&arguments);
    assert_eq!(shown["output"], serde_json::json!({ "stdout": "did it\n" }), "{shown}");
    let verified = project.output(&["journal", "--verify"]);
    assert!(verified.status.success());
    assert_eq!(starts(&project), 1);
}
