//! What people and programs are told.

use crate::support::{Project, asking};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_call_says_whether_it_was_reused_and_why_not() {
    let project = Project::new();
    let prompts = ["one", "two"].map(ToOwned::to_owned);
    project.write("flow.js", asking(&prompts));
    let first = project.run("flow.js", &[]).run;
    project.write("flow.js", asking(&["one", "three"].map(ToOwned::to_owned)));
    let arguments =
        ["run", "flow.js", "--root", "root", "--agent", "command:./worker.sh", "--yes", "--reuse"];
    let output = project.output(&[&arguments[..], &[&first]].concat());
    let told = text(&output.stderr);
    assert!(told.contains("/2 three runs: changed since /2: prompt"), "{told}");
    assert!(told.contains("· 1 agent · 5 tokens · 1 reused"), "{told}");
    let from = format!("{first}/1");

    let tree = text(&project.output(&["tree", "last"]).stdout);
    assert!(tree.contains(&format!("reused from {from}")), "{tree}");
    assert!(tree.contains("not reused: changed since /2: prompt"), "{tree}");
    let tasks = project.lines(&["tree", "last", "--json"]);
    assert_eq!(tasks[0]["reused_from"], from);
    assert_eq!(tasks[0]["attempts"], 0);
    assert!(tasks[0].get("not_reused").is_none());
    assert_eq!(tasks[1]["not_reused"]["code"], "changed");
    assert!(tasks[1].get("reused_from").is_none());

    let task = text(&project.output(&["show", "last/1"]).stdout);
    assert!(task.contains(&format!("from {from}")), "{task}");
    let task = text(&project.output(&["show", "last/2"]).stdout);
    assert!(task.contains("changed since /2: prompt"), "{task}");
    assert_eq!(project.lines(&["show", "last/1", "--json"])[0]["reused_from"], from);
    assert_eq!(project.lines(&["show", "last", "--json"])[0]["reuse"]["run"], first);
    let run = text(&project.output(&["show", "last"]).stdout);
    assert!(run.contains(&first), "{run}");

    let records = text(&project.output(&["journal", "last"]).stdout);
    for line in [&format!("reused from {from}"), "not reused", "snapshot"] {
        assert!(records.contains(line), "{line}: {records}");
    }
    // An ended run says so again.
    let again = project.ran(&["resume", "last", "--json"]);
    assert_eq!((again.reused, again.agents), (1, 1));
    assert!(text(&project.output(&["journal", "--verify"]).stdout).contains("sound"));
}

#[test]
fn a_run_that_is_not_there_is_an_error_before_anything_starts() {
    let project = Project::new();
    project.write("flow.js", asking(&["one".to_owned()]));
    let fixed = ["run", "flow.js", "--agent", "command:./worker.sh", "--yes"];
    let run = |more: &[&str]| {
        let output = project.output(&[&fixed[..], more].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (code, told) = run(&["--reuse", "last"]);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(run(&[]).0, Some(0));
    let (code, told) = run(&["--reuse", "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF"), "{told}");
    project.write("inputs.jsonl", "1\n");
    let (code, told) = run(&["--reuse", "last", "--each", "inputs.jsonl"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--each"), "{told}");
    assert_eq!(project.calls().len(), 1);
}

#[test]
fn a_run_of_another_program_may_be_reused() {
    let project = Project::new();
    project.write("flow.js", asking(&["Say hello to Ada.".to_owned()]));
    let first = project.run("flow.js", &[]).run;
    let other = "export const meta = { name: 'other', description: 'greets' }\n\
                 return { said: await agent('Say hello to Ada.') }\n";
    project.write("other.js", other);
    let again = project.run("other.js", &["--reuse", &first]);
    assert_eq!((again.calls.len(), again.reused), (0, 1));
    // A component that may read what it asked for, and not what the script might.
    let input = r#"{"names":["Ada"]}"#;
    let component = project.run("hello", &["--input", input, "--reuse", &first]);
    assert_eq!(component.calls.len(), 1);
    let tasks = project.lines(&["tree", &component.run, "--json"]);
    let why = tasks[0]["not_reused"]["message"].as_str().unwrap();
    assert_eq!(why, "changed since /1: read scope");
}
