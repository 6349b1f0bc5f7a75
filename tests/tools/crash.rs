//! A host that dies in the middle of a call. What the call did is counted by another process.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_test_support::{Project, guest, kill_9, until};
use serde_json::{Value, json};

use crate::http::server::{Answer, Server};
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

/// Two commands, one after the other.
const TWO_STEPS: &str = r#"export const meta = {
  name: 'flow', description: 'Two commands.', baton: { exec: ['/bin/sh **'] },
}
const did = []
for (const step of ['one', 'two']) {
  const at = `${args.root}/${step}`
  try {
    did.push((await baton.exec(['/bin/sh', `${at}/step.sh`, at])).stdout)
  } catch (error) {
    did.push(error.kind)
  }
}
return did
"#;

/// A project with the step, and what policy says of it. The traces lie in the root, which commands
/// may write.
fn prepared(policy: &str) -> (Project, String) {
    let project = project();
    project.write("flow.js", FLOW);
    project.write("root/step.sh", STEP);
    let grants = "[grant]\nexec = [\"/bin/sh **\"]\nwrite = [\"**\"]\n";
    project.write("baton.toml", format!("{grants}{policy}"));
    let input = json!({
        "step": project.path("root/step.sh"),
        "at": project.path("root"),
    });
    (project, input.to_string())
}

fn starts(project: &Project) -> usize {
    project.read("root/starts").lines().count()
}

/// A run of the flow.
fn arguments(input: &str) -> [&str; 9] {
    ["run", "flow.js", "--root", "root", "--extensions", "--yes", "--json", "--args-json", input]
}

/// Starts the run, and kills the host once the step has begun.
fn killed_in_the_middle(project: &Project, input: &str) -> String {
    let host: Child = project.spawn(&arguments(input));
    until("the start of the step", || starts(project) == 1);
    kill_9(host);
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
    assert_eq!(shown["output"], json!({ "kind": "in-doubt", "code": "in-doubt" }));
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
    assert_eq!(shown["output"], json!({ "stdout": "did it\n" }));
    assert_eq!(starts(&project), 2);
    assert_eq!(project.read("root/ends"), "done\n");
}

#[test]
fn what_ended_before_the_crash_is_not_done_again() {
    let (project, _) = prepared("");
    // The first step finds its sign to go on, the second waits for it.
    for step in ["one", "two"] {
        project.write(&format!("root/{step}/step.sh"), STEP);
    }
    project.write("root/one/go", "");
    project.write("flow.js", TWO_STEPS);
    let input = json!({ "root": project.path("root") }).to_string();
    let second = || project.read("root/two/starts").lines().count();
    let host = project.spawn(&arguments(&input));
    until("the second step", || second() == 1);
    kill_9(host);
    let shown = resumed(&project, &project.last_run());
    assert_eq!(shown["output"], json!(["did it\n", "in-doubt"]), "{shown}");
    assert_eq!(project.read("root/one/starts").lines().count(), 1);
    assert_eq!(second(), 1);
}

/// A component that sends one request to a server that lets it wait. Returns what the resumed run
/// came to, and how many requests the server saw.
fn killed_while_sending(policy: &str) -> (Value, usize) {
    let project = project();
    let go = project.path("go");
    let came = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&came);
    let server = Server::answering(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        while !go.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Answer::ok("done")
    });
    let authority = server.address.to_string();
    project.write("caller.wasm", guest("caller"));
    project.write("http-tool.wasm", guest("http-tool"));
    let grants = format!("[grant]\nhttp = [\"http://{authority}\"]\n{policy}");
    project.write("baton.toml", grants);
    let request =
        json!({ "method": "POST", "scheme": "http", "authority": authority, "path": "/" });
    let input = json!({ "calls": [{ "tool": "http-tool/send", "input": request }] }).to_string();
    let host = project.spawn(&["run", "./caller.wasm", "--yes", "--json", "--input", &input]);
    until("the request", || came.load(Ordering::SeqCst) == 1);
    kill_9(host);
    project.write("go", "");
    let run = project.last_run();
    let shown = resumed(&project, &run);
    (shown["output"][0].clone(), came.load(Ordering::SeqCst))
}

#[test]
fn a_request_that_must_not_be_sent_twice_is_in_doubt() {
    let (became, requests) = killed_while_sending("");
    assert_eq!((&became["kind"], requests), (&json!("in-doubt"), 1), "{became}");
}

#[test]
fn a_request_that_may_be_sent_twice_is_sent_once_more() {
    let (became, requests) =
        killed_while_sending("[tools.\"http-tool/send\"]\neffect = \"repeatable\"\n");
    assert_eq!((&became["output"]["body"], requests), (&json!("done"), 2), "{became}");
}
