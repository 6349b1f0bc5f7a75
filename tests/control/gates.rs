//! Questions to people: asked, listed, answered from anywhere, checked, and due.

use serde_json::{Value, json};

use crate::support::{Place, kinds, until};

/// The options of a gate with two choices.
fn choices() -> Value {
    json!({ "choices": ["staging", "production"] })
}

#[test]
fn waiting_is_not_failing() {
    let place = Place::new();
    let (result, code) = place.ask(&choices(), &[]);
    let run = result["run"].as_str().unwrap();
    let gate = format!("{run}/1");
    assert_eq!((code, &result["state"]), (5, &json!("waiting")), "{result}");
    assert_eq!(result["pause"]["reason"], "gate");
    assert_eq!(result["pause"]["gate"], gate);
    assert_eq!(result["pause"]["question"], "Ship it?");
    assert_eq!(result["pause"]["answer"], format!("baton approve {gate} --choice staging"));
    assert_eq!(result["error"]["code"], "B0016");
    assert_eq!(result["error"]["message"], format!("{run} waits for an answer: Ship it?"));
    let answer = format!("`baton approve {gate} --choice staging --resume`");
    assert!(result["error"]["hint"].as_str().unwrap().contains(&answer), "{result}");

    let listed = place.waiting();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["gate"], gate);
    assert_eq!(listed[0]["question"], "Ship it?");
    assert_eq!(listed[0]["choices"], json!(["staging", "production"]));
    assert_eq!(listed[0]["answer"], format!("baton approve {gate} --choice staging"));
    assert_eq!(place.row(run)["state"], "waiting");
    assert_eq!(place.row(run)["pause"]["question"], "Ship it?");
    assert_eq!(place.row(run)["pause"]["answer"], listed[0]["answer"]);
    let shown = place.project.object(&["show", run, "--json"]);
    assert_eq!(shown["pause"]["answer"], listed[0]["answer"]);
    let task = &place.project.lines(&["tree", run, "--json"])[0];
    assert_eq!((&task["kind"], &task["state"]), (&json!("gate"), &json!("waiting")));
    assert_eq!(place.project.object(&["show", run, "--json"])["state"], "waiting");

    let (code, shown, _) = place.said(&["ls", "--waiting"]);
    assert_eq!(code, 0);
    for part in ["? Ship it?", &gate, "choices: staging, production", "baton approve"] {
        assert!(shown.contains(part), "{shown}");
    }
    // Nothing is repeated by asking again.
    let (again, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &again["state"]), (5, &json!("waiting")), "{again}");
    assert_eq!(
        kinds(&place.project.journal(run)).iter().filter(|kind| **kind == "spawned").count(),
        1
    );
}

#[test]
fn an_answer_before_the_resume_is_kept_and_counts() {
    let place = Place::new();
    let (result, _) = place.ask(&choices(), &[]);
    let run = result["run"].as_str().unwrap();
    let arguments = ["approve", run, "--choice", "production", "--note", "@lunch: go", "--json"];
    let (told, code) = place.object(&arguments);
    assert_eq!((code, &told["outcome"]), (0, &json!("kept")), "{told}");
    assert_eq!(told["order"], "approve");
    assert_eq!(told["task"], format!("{run}/1"));
    assert_eq!(told["hint"], format!("`baton resume {run}` goes on"));
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    let answer = json!({
        "approved": true, "choice": "production", "data": null, "note": "@lunch: go", "by": "tester",
        "defaulted": false,
    });
    assert_eq!(result["output"], answer);
    assert!(place.waiting().is_empty());

    let (code, _, told) = place.said(&["approve", &format!("{run}/1")]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("error[B0054]") && told.contains("is answered already: done"), "{told}");
}

#[test]
fn no_is_a_clean_outcome() {
    let place = Place::new();
    let (result, _) = place.ask(&json!({}), &[]);
    let run = result["run"].as_str().unwrap();
    let arguments = ["reject", "last", "--note", "not on a Friday", "--resume", "--json"];
    let (result, code) = place.object(&arguments);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(result["run"], run);
    assert_eq!(result["output"]["approved"], false);
    assert_eq!(result["output"]["note"], "not on a Friday");
    assert_eq!(result["failed_tasks"], 0);
}

#[test]
fn an_answer_that_does_not_fit_is_never_sent() {
    let place = Place::new();
    let (result, _) = place.ask(&choices(), &[]);
    let chosen = result["run"].as_str().unwrap();
    let schema = json!({
        "type": "object",
        "properties": { "version": { "type": "string", "pattern": "^[0-9.]+$" } },
        "required": ["version"],
    });
    let (result, _) = place.ask(&json!({ "schema": schema }), &[]);
    let data = result["run"].as_str().unwrap();
    for (arguments, why) in [
        (&["approve", chosen][..], "must choose one of: staging, production"),
        (&["approve", chosen, "--choice", "moon"], "`moon` is none of: staging, production"),
        (&["approve", data], "must carry data"),
        (&["approve", data, "--data", "{"], "is not JSON"),
        (&["approve", data, "--data", "{}"], "\"version\" is a required property"),
        (&["approve", data, "--data", "{\"version\":\"v1\"}"], "/version: "),
    ] {
        let (code, _, told) = place.said(arguments);
        assert_eq!(code, 2, "{arguments:?}: {told}");
        assert!(told.contains("error[B0055]") && told.contains(why), "{arguments:?}: {told}");
    }
    assert_eq!(place.waiting().len(), 2);
    let (result, code) = place.object(&["resume", data, "--json"]);
    assert_eq!((code, &result["state"]), (5, &json!("waiting")), "{result}");

    place.project.write("answer.json", "{\"version\":\"1.2.0\"}\n");
    let arguments = ["approve", data, "--data", "@answer.json", "--resume", "--json"];
    let (result, code) = place.object(&arguments);
    assert_eq!((code, &result["output"]["data"]), (0, &json!({ "version": "1.2.0" })), "{result}");
}

#[test]
fn a_deadline_takes_the_default() {
    let place = Place::new();
    let due = |ms: u64| json!({ "choices": ["staging", "production"], "deadlineMs": ms, "default": "staging" });
    let (result, code) = place.ask(&due(200), &["--wait"]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["output"]["choice"], "staging");
    assert_eq!(result["output"]["defaulted"], true);
    // Also where nobody drove the run when it was due.
    let (result, code) = place.ask(&due(3_000), &["--no-wait"]);
    assert_eq!(code, 5, "{result}");
    until("the deadline passes", || {
        place.said(&["ls", "--waiting"]).1.contains("the deadline passed at")
    });
    let (result, code) = place.object(&["resume", "last", "--json"]);
    assert_eq!((code, &result["output"]["defaulted"]), (0, &json!(true)), "{result}");
}

#[test]
fn a_deadline_without_a_default_fails_the_gate() {
    let place = Place::new();
    let (result, code) = place.ask(&json!({ "deadlineMs": 200 }), &["--wait"]);
    assert_eq!((code, &result["state"]), (1, &json!("failed")), "{result}");
    let task = &place.project.lines(&["tree", "last", "--json"])[0];
    assert_eq!(task["failure"]["code"], "gate-deadline", "{task}");
}

#[test]
fn of_several_questions_one_is_named() {
    let place = Place::new();
    place.project.write(
        "two.js",
        "export const meta = { name: 'two', description: 'Asks twice.' }
return await Promise.all([baton.gate('First?'), baton.gate('Second?')])
",
    );
    let (result, code) = place.object(&["run", "two.js", "--extensions", "--yes", "--json"]);
    assert_eq!(code, 5, "{result}");
    let run = result["run"].as_str().unwrap();
    let (code, _, told) = place.said(&["approve", run]);
    assert_eq!(code, 2);
    for part in ["error[B0054]", "asks 2 questions", "/1  First?", "/2  Second?"] {
        assert!(told.contains(part), "{told}");
    }
    let (code, _, told) = place.said(&["approve", &format!("{run}/3")]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("error[B0009]"), "{told}");
    place.object(&["approve", &format!("{run}/2"), "--json"]);
    place.object(&["reject", &format!("{run}/1"), "--json"]);
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!(code, 0, "{result}");
    assert_eq!(result["output"][0]["approved"], false);
    assert_eq!(result["output"][1]["approved"], true);
}

#[test]
fn a_run_that_stays_goes_on_when_somebody_answers() {
    let place = Place::new();
    let child = place.spawn(&["run", "ask.js", "--extensions", "--yes", "--json", "--wait"]);
    until("something is asked", || !place.waiting().is_empty());
    let (told, code) = place.object(&["approve", "last", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["output"]["approved"], true);
    // Who and when are in the journal.
    let journal = place.project.journal(result["run"].as_str().unwrap());
    let completed = journal.iter().find(|record| record["kind"] == "completed").unwrap();
    assert_eq!(completed["body"]["outcome"]["done"]["output"]["by"], "tester", "{completed}");
}

#[test]
fn lines_of_a_batch_that_wait_for_people_have_not_failed() {
    let place = Place::new();
    place.project.write("lines.jsonl", format!("{{}}\n{}\n", choices()));
    let run = ["run", "ask.js", "--extensions", "--each", "lines.jsonl", "--yes"];
    let (code, shown, told) = place.said(&run);
    assert_eq!(code, 5, "{told}");
    assert_eq!(shown.lines().filter(|line| line.contains("\"waiting\"")).count(), 2, "{shown}");
    assert!(told.contains("error[B0016]: 2 of 2 runs wait for people"), "{told}");
    assert!(told.contains("baton ls --waiting --batch batch_"), "{told}");
    let listed = place.waiting();
    assert_eq!(listed.len(), 2, "{listed:?}");
    for gate in listed {
        // The line of the result names the same command, which is the whole of it.
        let answer = gate["answer"].as_str().unwrap();
        assert!(shown.contains(&format!("\"answer\":\"{answer}\"")), "{answer}: {shown}");
        let words: Vec<&str> = answer.split(' ').skip(1).chain(["--json"]).collect();
        assert_eq!(place.object(&words).1, 0, "{answer}");
    }
    let row = &place.project.lines(&["ls", "--json"])[0];
    let (code, shown, told) = place.said(&["resume", row["batch"]["id"].as_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        shown.lines().filter(|line| line.contains("\"approved\":true")).count(),
        2,
        "{shown}"
    );
}
