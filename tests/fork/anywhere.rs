//! Forks of runs in every state, at records, of forks, and forks that are killed.

use baton_test_support::kill_9;
use serde_json::json;

use crate::support::{Bench, script, starting};

/// Three agents one after the other, the prompt of each from the answer before.
const CHAIN: &str = "const one = await agent('one')\n\
    const two = await agent(`two after ${one}`)\n\
    return await agent(`three after ${two}`)\n";

fn chain() -> (Bench, String) {
    let bench = Bench::new();
    bench.project.write("flow.js", script(CHAIN));
    let run = bench.run("flow.js", &[]);
    let id = run.run().to_owned();
    (bench, id)
}

#[test]
fn a_fork_at_a_record_shares_what_is_before_it() {
    let (bench, run) = chain();
    let journal = bench.project.journal(&run);
    let last = journal.len();
    for (at, agents) in [(1, 3), (last, 0), (last - 1, 0)] {
        let fork = bench.fork(&[&run, "--at", &at.to_string()]);
        assert_eq!((fork.calls.len(), fork.state()), (agents, "done"), "at {at}: {}", fork.told);
    }
    // The records of the fork are its own run's: a start with where it comes from, no gap, an owner.
    let fork = bench.project.journal("last");
    let started = &fork[0]["body"]["fork"];
    assert_eq!((&started["run"], &started["at"]), (&json!(run), &json!(last - 1)));
    let numbers: Vec<u64> = fork.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=fork.len() as u64).collect::<Vec<_>>());
    for wrong in [0, last + 1] {
        let (code, told) = bench.fails(&["fork", &run, "--at", &wrong.to_string()]);
        assert!(code == 2 && told.contains("B0060") && told.contains("it has"), "{told}");
    }
}

#[test]
fn an_edited_input_is_what_the_task_is_done_with() {
    let (bench, run) = chain();
    let fork = bench.fork(&[&format!("{run}/2"), "--edit-input", "something quite different"]);
    assert_eq!(fork.calls, ["something quite different", "three after something quite different"]);
    assert_eq!(*fork.output(), json!("three after something quite different"));
    bench.reproduces(fork.run());
    let changes = bench.changes(&run, fork.run());
    assert_eq!(changes[0], "changed 2: prompt, output", "{changes:?}");
    // The other run stays as it was.
    bench.reproduces(&run);
    // Together with an input.
    let edit = r#"{"prompt": "both", "input": {"a": 1}}"#;
    let fork = bench.fork(&[&format!("{run}/2"), "--edit-input", edit]);
    assert_eq!(fork.calls[0], "both");
    let task = bench.project.object(&["show", &format!("{}/2", fork.run()), "--json"]);
    assert_eq!(task["work"]["agent"]["spec"]["input"], json!({ "a": 1 }));
}

#[test]
fn a_fork_of_a_fork_shares_with_both() {
    let (bench, run) = chain();
    let first = bench.fork(&[&format!("{run}/1"), "--edit-output", r#""uno""#]);
    assert_eq!(first.calls, ["two after uno", "three after two after uno"]);
    let second = bench.fork(&[&format!("{}/2", first.run()), "--edit-output", r#""due""#]);
    assert_eq!(second.calls, ["three after due"]);
    assert_eq!(second.shown["forked_from"], json!(first.run()));
    let shown = bench.reproduces(second.run());
    assert_eq!(shown["workflows"][0]["end"], "same");
    // Where the given output is before the cut it stays given, and is not paid by anybody.
    let third = bench.fork(&[second.run(), "--at", "/3"]);
    assert_eq!((third.calls.len(), third.agents()), (1, 1));
    bench.reproduces(third.run());
}

#[test]
fn what_is_said_before_and_with_a_dry_run_nothing_happens() {
    let (bench, run) = chain();
    let runs = bench.project.lines(&["ls", "--json"]).len();
    let dry = bench.fork(&[&format!("{run}/2"), "--dry-run"]);
    assert_eq!(dry.calls, Vec::<String>::new());
    assert_eq!(bench.project.lines(&["ls", "--json"]).len(), runs);
    let shared = &dry.shown["shared"];
    assert_eq!((&shared["tasks"], &shared["usage"]["agents"]), (&json!(1), &json!(1)));
    assert_eq!(dry.shown["open"][0]["task"], json!(format!("{run}/2")));
    assert_eq!(dry.shown["open"][0]["before"], "ended");
    let told = bench.project.output(&["fork", &format!("{run}/2"), "--dry-run"]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("1 agent · ") && told.contains("not paid again"), "{told}");
    assert!(told.contains("again:") && told.contains("/2 agent"), "{told}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (bench, run) = chain();
    let task = format!("{run}/2");
    for (arguments, code, words) in [
        (&["fork", &run][..], "B0001", "where is it to be forked"),
        (&["fork", &run, "--at", "/9"], "B0009", "no task /9"),
        (&["fork", &run, "--at", "3", "--edit-output", "1"], "B0060", "names none"),
        (&["fork", &task, "--edit-output", "{"], "B0060", "no JSON"),
        (&["fork", &task, "--edit-input", "[1]"], "B0060", "a string"),
        (&["fork", &task, "--at", "/1"], "B0001", "another one"),
        (&["fork", &task, "--grant", "exec=ls"], "B0001", "another program"),
        (&["fork", "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1"], "B0009", "no run"),
    ] {
        let (_, told) = bench.fails(arguments);
        assert!(told.contains(code) && told.contains(words), "{arguments:?}: {told}");
    }
    // An output for a schema must fit it.
    let body = "return await agent('asked', { schema: { type: 'object', required: ['n'] } })\n";
    bench.project.write("schema.js", script(body));
    bench.run("schema.js", &[]);
    let (_, told) = bench.fails(&["fork", "last/1", "--edit-output", "{}"]);
    assert!(told.contains("B0060") && told.contains("n"), "{told}");
    let fits = bench.fork(&["last/1", "--edit-output", r#"{"n":1}"#]);
    assert_eq!(*fits.output(), json!({ "n": 1 }));
}

#[test]
fn a_run_that_is_under_way_elsewhere_is_forked_and_goes_on() {
    let bench = Bench::new();
    bench.project.write(
        "flow.js",
        script("const one = await agent('one')\nreturn await agent(`slow ${one}`)\n"),
    );
    let mut child = bench.project.spawn(&starting("flow.js"));
    bench.wait_until("the second agent", |bench| bench.calls().len() == 2);
    let run = bench.project.last_run();
    let fork = bench.fork(&[&format!("{run}/1"), "--edit-output", r#""uno""#, "--detach"]);
    bench.wait_until("the agent of the fork", |bench| bench.calls().len() == 3);
    assert_eq!(bench.calls()[2], "slow uno");
    // Both are read while others own them.
    assert_eq!(bench.reproduces(&run)["workflows"][0]["end"], "open");
    assert_eq!(bench.reproduces(fork.run())["workflows"][0]["end"], "open");
    bench.project.write("go", "");
    assert!(child.wait().unwrap().success());
    let output = |run: &str| bench.ran(&["resume", run, "--json"]);
    bench.wait_until("the end of the fork", |bench| {
        bench.project.object(&["show", fork.run(), "--json"])["state"] == "done"
    });
    assert_eq!(*output(&run).output(), json!("slow one"));
    assert_eq!(*output(fork.run()).output(), json!("slow uno"));
}

#[test]
fn runs_that_failed_were_cancelled_or_paused_are_forked() {
    let bench = Bench::new();
    let body = "const one = await agent('one')\nconst two = await agent(`broken ${one}`)\n\
        if (two === null) throw new Error('no two')\nreturn two\n";
    bench.project.write("flow.js", script(body));
    bench.project.write("broken", "");
    let failed = bench.run("flow.js", &[]);
    assert_eq!(failed.state(), "failed");
    std::fs::remove_file(bench.project.path("broken")).unwrap();
    let fork = bench.fork(&[&format!("{}/2", failed.run())]);
    assert_eq!((fork.state(), fork.calls.as_slice()), ("done", &["broken one".to_owned()][..]));

    // Cancelled by a person while its second agent is at work.
    bench.project.write(
        "slow.js",
        script("const one = await agent('one')\nreturn await agent(`slow ${one}`)\n"),
    );
    let before = bench.calls().len();
    let mut child = bench.project.spawn(&starting("slow.js"));
    bench.wait_until("the slow agent", |bench| bench.calls().len() >= before + 2);
    let run = bench.project.last_run();
    assert!(bench.project.output(&["cancel", &run]).status.success());
    child.wait().unwrap();
    assert_eq!(bench.project.object(&["show", &run, "--json"])["state"], "cancelled");
    bench.project.write("go", "");
    let end = bench.project.journal(&run).len().to_string();
    for place in ["/2", "/1", end.as_str()] {
        let fork = bench.fork(&[&run, "--at", place]);
        assert_eq!(fork.state(), "done", "{place}: {}", fork.told);
        assert_eq!(fork.calls.len(), if place == "/1" { 2 } else { 1 }, "{place}");
        bench.reproduces(fork.run());
    }
    bench.reproduces(&run);

    // Paused at a cap; the fork has caps of its own.
    let (two, run) = chain();
    drop(run);
    let paused = two.run("flow.js", &["--max-agents", "2"]);
    assert_eq!(paused.state(), "paused");
    let fork = two.fork(&[paused.run(), "--at", "/3", "--max-agents", "1"]);
    assert_eq!((fork.state(), fork.agents()), ("done", 1), "what is shared does not count");
}

#[test]
fn a_fork_that_is_killed_goes_on_with_what_it_has() {
    let bench = Bench::new();
    let body = "const all = []\nfor (let n = 0; n < 6; n++) all.push(await agent(`${n < 3 ? 'step' : 'slow'} ${n}`))\nreturn all\n";
    bench.project.write("flow.js", script(body));
    bench.project.write("go", "");
    let run = bench.run("flow.js", &[]).run().to_owned();
    std::fs::remove_file(bench.project.path("go")).unwrap();
    let before = bench.calls().len();
    let child = bench.project.spawn(&["fork", &format!("{run}/3"), "--json"]);
    bench.wait_until("the first slow agent", |bench| bench.calls().len() == before + 2);
    kill_9(child);
    let fork = bench.project.last_run();
    bench.project.write("go", "");
    let resumed = bench.ran(&["resume", &fork, "--json"]);
    assert_eq!(resumed.calls, ["slow 3", "slow 4", "slow 5"]);
    assert_eq!(resumed.output().as_array().map(Vec::len), Some(6));
    assert_eq!(bench.diff(&run, &fork).0, 0);
    bench.reproduces(&fork);
}

#[test]
fn diff_tells_the_same_from_the_different() {
    let (bench, run) = chain();
    let again = bench.run("flow.js", &[]);
    let (code, shown) = bench.diff(&run, again.run());
    assert_eq!((code, &shown["equal"], &shown["tasks"]), (0, &json!(true), &json!([])), "{shown}");
    let text = bench.project.output(&["diff", &run, again.run()]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("the same: 3 tasks"), "{text}");
    // Another program: one call more in front of the others, which keep what they are.
    let body = format!("await agent('new')\n{CHAIN}");
    bench.project.write("flow.js", script(&body));
    let other = bench.run("flow.js", &[]);
    let (code, shown) = bench.diff(&run, other.run());
    assert_eq!(code, 1);
    let tasks: Vec<String> = shown["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            format!("{} {}", task["change"].as_str().unwrap(), task["label"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        tasks,
        ["added new", "moved one", "moved two after one", "moved three after two after one"]
    );
    assert!(shown["program"].is_object(), "{shown}");
    let text = bench.project.output(&["diff", &run, other.run()]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("different: 1 task added; of the runs: program"), "{text}");
    assert!(text.contains("3 tasks in other places"), "{text}");
    // Files that were read are told by their names.
    bench.project.write("read.js", "export const meta = { name: 'reads', description: 'x' }\nreturn await baton.readText('page.md')\n");
    let first = bench.run("read.js", &["--extensions"]);
    bench.project.write("root/page.md", "two");
    let second = bench.run("read.js", &["--extensions"]);
    assert_eq!(bench.changes(first.run(), second.run()), ["run: reads, output"]);
    // So is what the same program began with.
    let other = bench.run("read.js", &["--extensions", "--lenient", "--budget", "4000"]);
    assert_eq!(bench.changes(second.run(), other.run()), ["run: budget, script"]);
    let mut arguments = starting("read.js");
    arguments[5] = "command:./other.sh";
    let other = bench.ran(&[&arguments[..], &["--extensions"]].concat());
    assert_eq!(bench.changes(second.run(), other.run()), ["run: backends"]);
    let (_, told) = bench.fails(&["diff", "last", "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF"]);
    assert!(told.contains("B0009"), "{told}");
}
