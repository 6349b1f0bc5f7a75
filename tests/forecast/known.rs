//! What a forecast knows from earlier runs, beside their figures.

use baton_test_llm::{Fault, Refusal, Reply, Seen};
use serde_json::json;

use crate::answers::answer;
use crate::place::{MODEL, Place};

const FOUR: &str = "export const meta = { name: 'four', description: 'Four agents.' }
return await parallel([1, 2, 3, 4].map((n) => () => agent(`Look at ${n}.`)))
";

#[test]
fn agents_that_failed_before_are_expected_to_fail_again() {
    let place = Place::new(&[], |seen: &Seen| match seen.by("user") {
        asked if asked.contains("Look at 3.") => Reply::fault(Fault::Refuses(Refusal::Invalid)),
        _ => answer(seen),
    });
    place.project.write("four.js", FOUR);
    let flags = ["--agent", MODEL, "--yes", "--json"];
    let first = place.object(&[&["plan", "four.js"][..], &flags].concat());
    assert!(!first["forecast"]["notes"].to_string().contains("earlier runs"), "{first}");
    let report = place.object(&[&["run", "four.js"][..], &flags].concat());
    assert_eq!(report["failed_tasks"], 1, "{report}");
    let again = place.object(&[&["plan", "four.js", "--seeds", "32"][..], &flags].concat());
    let notes = again["forecast"]["notes"].to_string();
    assert!(notes.contains("of 4 agents of earlier runs 1 failed"), "{notes}");
    assert_eq!(again["forecast"]["complete"], true, "{again}");
    assert_eq!(again["forecast"]["agents"]["likely"], 4, "{again}");
}

const CALLER: &str = "export const meta = {
  name: 'caller', description: 'Calls.', baton: { tools: ['sh/*'] },
}
const told = await baton.tool('sh/say', {})
return await agent(`Explain ${JSON.stringify(told).length > 0}.`)
";

#[test]
fn tools_of_a_server_that_nobody_starts_are_known_from_earlier_runs() {
    let place = Place::new(&[], answer);
    place.project.write("caller.js", CALLER);
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/tests/mcp/server.sh");
    let traces = place.project.path("traces");
    std::fs::create_dir(&traces).unwrap();
    let command = json!(["/bin/sh", server, traces]);
    place.project.write("baton.toml", format!("[mcp.sh]\ncommand = {command}\n"));
    let starts = || place.project.read("traces/starts").lines().count();
    let flags = ["--agent", MODEL, "--extensions", "--yes", "--json"];
    let plan = || place.object(&[&["plan", "caller.js"][..], &flags].concat());
    let first = plan();
    let notes = first["forecast"]["notes"].to_string();
    assert!(notes.contains("sh is not started, and no earlier run knew its tools"), "{notes}");
    assert_eq!(first["forecast"]["complete"], false, "{first}");
    assert_eq!(starts(), 0);

    let report = place.object(&[&["run", "caller.js"][..], &flags].concat());
    assert_eq!(report["state"], "done", "{report}");
    let started = starts();
    assert!(started > 0, "the run starts it");
    let again = plan();
    let notes = again["forecast"]["notes"].to_string();
    let run = report["run"].as_str().unwrap();
    assert!(notes.contains(&format!("its tools are those that {run} knew")), "{notes}");
    assert!(notes.contains("not called, its results are made from its schema: sh/say"), "{notes}");
    assert_eq!(again["forecast"]["complete"], true, "{again}");
    assert_eq!(again["forecast"]["agents"]["high"], 1, "{again}");
    assert_eq!(starts(), started, "nobody started it again");
}
