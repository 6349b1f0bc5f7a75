//! The same from scripts, and the examples.

use baton_test_support::guest;
use serde_json::{Value, json};

use crate::support::{Ended, Place, answer};

const EXAMPLE: &str = include_str!("../../plugins/examples/release-script/release.js");

/// Runs a script, with its body after `meta`.
fn run(place: &Place, body: &str, more: &[&str]) -> Ended {
    let script = format!("export const meta = {{ name: 'ask', description: 'Asks.' }}\n{body}\n");
    place.project.write("ask.js", script);
    start(place, "ask.js", &json!(null), more)
}

fn start(place: &Place, workflow: &str, input: &Value, more: &[&str]) -> Ended {
    let input = input.to_string();
    let mut arguments = vec![
        "run",
        workflow,
        "--input",
        &input,
        "--root",
        "root",
        "--agent",
        "command:/bin/sh worker.sh",
        "--yes",
        "--json",
    ];
    if workflow.ends_with(".js") {
        arguments.push("--extensions");
    }
    arguments.extend(more);
    place.ended(&arguments)
}

#[test]
fn a_script_asks_and_gets_the_answer() {
    let place = Place::new();
    run(
        &place,
        "return await baton.gate('Where?', { choices: ['a', 'b'], details: '# Why' })",
        &[],
    )
    .waits();
    let done =
        place.ended(&["approve", "last", "--choice", "b", "--note", "so", "--resume", "--json"]);
    let expected = json!({ "approved": true, "choice": "b", "data": null, "note": "so",
                           "defaulted": false });
    assert_eq!(answer(done.output()), expected);

    run(&place, "return (await baton.gate('Sure?')).approved ? 'yes' : 'no'", &[]).waits();
    let done = place.ended(&["reject", "last", "--resume", "--json"]);
    assert_eq!(done.output(), "no");

    let body = "return await baton.gate('When?', { schema: { type: 'integer' } })";
    run(&place, body, &[]).waits();
    let done = place.ended(&["approve", "last", "--data", "7", "--resume", "--json"]);
    assert_eq!(done.output()["data"], 7);
}

#[test]
fn a_script_asks_beside_its_agents_and_in_a_race() {
    let place = Place::new();
    let body = "return await parallel([() => baton.gate('one'), () => agent('work'), () => baton.gate('two')])";
    run(&place, body, &[]).waits();
    place.ended(&["approve", "last/1", "--note", "1", "--resume", "--json"]).waits();
    let done = place.ended(&["approve", "last/3", "--note", "3", "--resume", "--json"]);
    let output = done.output();
    assert_eq!(
        (&output[0]["note"], &output[1], &output[2]["note"]),
        (&json!("1"), &json!("did work"), &json!("3"))
    );

    let done = run(&place, "return await Promise.race([baton.gate('slow?'), agent('quick')])", &[]);
    assert_eq!(done.output(), "did quick");
}

#[test]
fn deadlines_and_mistakes_reject() {
    let place = Place::new();
    let body = "const tried = []
for (const ask of [
  () => baton.gate('x', { deadlineMs: 20 }),
  () => baton.gate('x', { until: 1 }),
  () => baton.gate('x', { default: true }),
  () => baton.gate(''),
]) {
  try { await ask() } catch (error) { tried.push([error.name, error.code ?? error.message]) }
}
const late = await baton.gate('x', { deadlineMs: 20, default: true })
return [tried, late.approved, late.defaulted]";
    let done = run(&place, body, &["--wait"]);
    let output = done.output();
    assert_eq!(output[0][0], json!(["BatonGateError", "gate-deadline"]));
    let unknown = output[0][1].to_string();
    assert!(unknown.contains("does not know the option until; it knows choices"), "{unknown}");
    assert_eq!(output[0][2], json!(["BatonGateError", "default-without-deadline"]));
    assert_eq!(output[0][3], json!(["BatonGateError", "empty-question"]));
    assert_eq!((&output[1], &output[2]), (&json!(true), &json!(true)));
}

#[test]
fn a_script_hears_messages_if_it_listens() {
    let place = Place::new();
    let body = "const heard = []
for await (const { text } of baton.messages()) {
  heard.push(text)
  if (text === 'enough') break
}
return heard";
    run(&place, body, &[]).waits();
    let run_id = place.project.last_run();
    place.ended(&["send", "last", "one", "--json"]);
    place.ended(&["resume", &run_id, "--json"]).waits();
    place.ended(&["send", "last", "enough", "--json"]);
    let done = place.ended(&["resume", &run_id, "--json"]);
    assert_eq!(done.output(), &json!(["one", "enough"]));

    run(&place, "return (await baton.gate('Sure?')).approved", &[]).waits();
    place.ended(&["send", "last", "hello?", "--json"]);
    let done = place.ended(&["approve", "last", "--resume", "--json"]);
    assert_eq!(done.output(), true);
    let log = Value::from(place.records("reported")).to_string();
    assert!(log.contains("says, and the script does not listen: hello?"), "{log}");
}

#[test]
fn the_examples_ask_before_they_publish() {
    let place = Place::new();
    place.project.write("release.js", EXAMPLE);
    place.project.write("release.wasm", guest("release"));
    let input = json!({ "version": "1.2", "changes": ["faster"] });
    for example in ["release.js", "./release.wasm"] {
        start(&place, example, &input, &[]).waits();
        place
            .ended(&[
                "approve", "last", "--choice", "revise", "--note", "shorter", "--resume", "--json",
            ])
            .waits();
        let done = place.ended(&["approve", "last", "--choice", "publish", "--resume", "--json"]);
        let notes = done.output()["notes"].as_str().unwrap();
        assert!(notes.starts_with("did Write release notes for version 1.2"), "{notes}");
        let prompts: Vec<String> =
            place.worked().iter().map(|task| task["prompt"].to_string()).collect();
        assert!(prompts.last().unwrap().contains("Because: shorter"), "{prompts:?}");

        start(&place, example, &input, &[]).waits();
        let done = place.ended(&["reject", "last", "--note", "never", "--resume", "--json"]);
        assert_eq!(done.output()["notes"], Value::Null);
    }
}
