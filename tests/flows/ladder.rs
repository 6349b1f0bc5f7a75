//! The smallest model that passes.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::support::{Place, records, submit};

const FLOW: &str = "export const meta = {
  name: 'flow', description: 'Decides.', baton: { tools: ['data/validate'] },
}
return await agent('Which language is: Guten Tag?', {
  schema: { type: 'object', properties: { language: { type: 'string' } }, required: ['language'] },
  baton: {
    ladder: {
      rungs: ['small', 'medium', 'large'],
      check: { challenger: 'small', prompt: 'The language is another one.' },
    },
  },
})
";

/// The small model is wrong, and the next one is right; the challenger knows.
fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    if asked.contains("Try to refute its result") {
        let refuted = asked.contains("Dutch");
        return submit(json!({ "refuted": refuted, "reason": "Guten is German." })).usage(100, 10);
    }
    let language = if asked.contains("Guten is German.") { "German" } else { "Dutch" };
    submit(json!({ "language": language })).usage(1_000, 100)
}

fn flow(place: &Place, agent: &str) -> (Value, Vec<Value>) {
    place.project.write("flow.js", FLOW);
    let report = place.run("flow.js", &Value::Null, &["--agent", agent, "--extensions"]);
    let journal = place.project.journal(report["run"].as_str().unwrap());
    (report, journal)
}

#[test]
fn a_refuted_answer_climbs_one_step_and_the_saving_is_on_record() {
    let place = Place::new(&[("a.txt", "a")], model);
    let (report, journal) = flow(&place, "anthropic");
    assert_eq!(report["output"], json!({ "language": "German" }), "{report}");
    let models: Vec<String> = place.server.log().into_iter().map(|seen| seen.model).collect();
    assert_eq!(models.len(), 4, "two answers, two challengers: {models:?}");
    assert_ne!(models[0], models[2], "the second answer is by another model");
    assert_eq!(models[0], models[1], "the challenger is the small one");
    let passed = records(&journal, "passed");
    assert_eq!((&passed[0]["rung"], &passed[0]["rungs"]), (&json!(1), &json!(3)), "{passed:?}");
    let failed = records(&journal, "attempt-failed");
    assert_eq!(failed[0]["failure"]["code"], "ladder-check", "{failed:?}");
    // What all calls cost together, against the same answer by the large model alone.
    let turned = records(&journal, "turned");
    let spent: i64 = turned.iter().map(|it| it["usage"]["cost_micro_usd"].as_i64().unwrap()).sum();
    assert_eq!(turned.iter().filter(|it| it["estimated"] == true).count(), 0, "{turned:?}");
    let saved = passed[0]["saved_micro_usd"].as_i64().unwrap();
    assert!(saved > -spent, "{saved} of {spent}");
}

#[test]
fn each_step_has_its_own_answers() {
    // The small model looks at files for ever.
    let place = Place::new(&[("a.txt", "a")], |seen: &Seen| {
        if seen.model.contains("haiku") {
            Reply::call("list_files", json!({ "patterns": [format!("{}*", seen.turns)] }))
        } else {
            submit(json!("German"))
        }
    });
    place.project.write(
        "flow.js",
        "export const meta = { name: 'flow', description: 'Decides.' }
return await agent('Which language?', { baton: { ladder: ['small', 'large'], maxTurns: 3 } })
",
    );
    let flags = ["--agent", "anthropic", "--extensions"];
    let report = place.run("flow.js", &Value::Null, &flags);
    assert_eq!(report["output"], "German", "{report}");
    let journal = place.project.journal(report["run"].as_str().unwrap());
    let failed = records(&journal, "attempt-failed");
    assert_eq!(failed[0]["failure"]["code"], "turns", "{failed:?}");
    assert_eq!(place.server.requests(), 4, "three answers of the one, one of the other");
}

#[test]
fn the_operators_model_takes_every_step_and_the_check_holds() {
    let place = Place::new(&[("a.txt", "a")], model);
    let (report, journal) = flow(&place, "anthropic:claude-haiku-4-5");
    assert_eq!(report["output"], json!({ "language": "German" }), "{report}");
    assert!(place.server.log().iter().all(|seen| seen.model == "claude-haiku-4-5"));
    assert_eq!(records(&journal, "passed")[0]["rung"], 1);
}
