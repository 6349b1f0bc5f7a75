//! One task once more, and everything else as it was.

use std::fs;

use serde_json::json;

use crate::support::{Bench, script};

/// Ten in parallel; two of them are summed up, and one agent rests on nothing.
const FLOW: &str = "const all = await parallel(Array.from({ length: 10 }, (_, n) => () => agent(`part ${n}`)))\n\
    const sum = await agent(`sum of ${all[3]} and ${all[4]}`)\n\
    const apart = await agent('apart')\n\
    return { all, sum, apart }\n";

#[test]
fn only_the_task_and_what_depends_on_it_is_done() {
    let bench = Bench::new();
    bench.project.write("flow.js", script(FLOW));
    let run = bench.run("flow.js", &[]).run().to_owned();
    // It says the same again: nothing that rests on it changes.
    let same = bench.ran(&["retry", &format!("{run}/4"), "--json"]);
    assert_eq!((same.calls.as_slice(), same.state()), (&["part 3".to_owned()][..], "done"));
    assert_eq!(bench.diff(&run, same.run()).0, 0);
    // It says something else: the sum follows, the rest does not.
    bench.project.write("say", " anew");
    let other = bench.ran(&["retry", &format!("{run}/4"), "--json"]);
    assert_eq!(other.calls, ["part 3", "sum of part 3 anew and part 4"]);
    assert_eq!(other.output()["all"][3], "part 3 anew");
    assert_eq!(other.output()["apart"], "apart");
    assert_eq!(other.agents(), 2);
    let changes = bench.changes(&run, other.run());
    assert_eq!(
        changes[..2],
        ["changed 4: output", "changed 11: prompt, output"][..],
        "{changes:?}"
    );
    bench.reproduces(other.run());
    // The last one.
    let last = bench.ran(&["retry", &format!("{run}/12"), "--json"]);
    assert_eq!(last.calls, ["apart"]);
    // Numbers about the journal count what was done once, in whichever run.
    let done = bench.calls().len();
    let numbers = String::from_utf8(bench.project.output(&["metrics"]).stdout).unwrap();
    let attempts = format!("baton_attempts_total{{kind=\"agent\"}} {done}\n");
    assert!(numbers.contains(&attempts), "{attempts}{numbers}");
}

#[test]
fn of_equal_calls_the_one_that_was_named_is_done() {
    let bench = Bench::new();
    let body = "return await parallel([1, 2, 3, 4].map(() => () => agent('vote')))\n";
    bench.project.write("flow.js", script(body));
    let run = bench.run("flow.js", &[]).run().to_owned();
    bench.project.write("say", " anew");
    for number in 1..=4 {
        let again = bench.ran(&["retry", &format!("{run}/{number}"), "--json"]);
        assert_eq!(again.calls, ["vote"], "{number}");
        let mut expected = vec!["vote"; 4];
        expected[number - 1] = "vote anew";
        assert_eq!(*again.output(), json!(expected), "{number}");
    }
}

#[test]
fn what_failed_is_tried_again() {
    let bench = Bench::new();
    let body = "return await parallel(['one', 'broken', 'three', 'broken too'].map((what) => () => agent(what)))\n";
    bench.project.write("flow.js", script(body));
    bench.project.write("broken", "");
    let first = bench.run("flow.js", &[]);
    assert_eq!(*first.output(), json!(["one", null, "three", null]));
    fs::remove_file(bench.project.path("broken")).unwrap();
    let one = bench.ran(&["retry", &format!("{}/2", first.run()), "--json"]);
    assert_eq!(one.output()[1], "broken");
    // All that failed, in one go.
    let all = bench.ran(&["retry", first.run(), "--json"]);
    let mut calls = all.calls.clone();
    calls.sort_unstable();
    assert_eq!(calls, ["broken", "broken too"]);
    assert_eq!(*all.output(), json!(["one", "broken", "three", "broken too"]));
    bench.reproduces(all.run());
}

#[test]
fn what_has_not_ended_is_not_retried() {
    let bench = Bench::new();
    bench.project.write(
        "flow.js",
        script("const one = await agent('one')\nreturn await agent(`slow ${one}`)\n"),
    );
    let mut child = bench.project.spawn(&crate::support::starting("flow.js"));
    bench.wait_until("the slow agent", |bench| bench.calls().len() == 2);
    let run = bench.project.last_run();
    for (task, hint) in [(format!("{run}/2"), "baton restart"), (run.clone(), "baton resume")] {
        let (_, told) = bench.fails(&["retry", &task]);
        assert!(told.contains("B0060") && told.contains(hint), "{told}");
    }
    let (_, told) = bench.fails(&["retry", &format!("{run}/7")]);
    assert!(told.contains("B0009"), "{told}");
    // One that has ended, of a run that goes on.
    bench.project.write("go", "");
    child.wait().unwrap();
    let again = bench.ran(&["retry", &format!("{run}/1"), "--json"]);
    assert_eq!((again.calls.as_slice(), again.state()), (&["one".to_owned()][..], "done"));
}

#[test]
fn where_nothing_failed_there_is_nothing_to_retry() {
    let bench = Bench::new();
    bench.project.write("flow.js", script("return await agent('one')\n"));
    let run = bench.run("flow.js", &[]).run().to_owned();
    let (code, told) = bench.fails(&["retry", &run]);
    assert!(code == 2 && told.contains("B0060") && told.contains("nothing in"), "{told}");
    assert_eq!(bench.calls().len(), 1);
    assert_eq!(bench.project.lines(&["ls", "--json"]).len(), 1);
}
