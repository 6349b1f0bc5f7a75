//! Orders to a run that no process owns lie in the journal and are obeyed before anything starts.

use serde_json::{Value, json};

use crate::support::{MODEL, Place, kinds, signal, until};

/// Six agents and a question, all at once.
const MIXED: &str = "export const meta = { name: 'mixed', description: 'Agents and a question.' }
phase('Work')
const agents = Array.from({ length: 6 }, (_, i) => agent(`Task ${i}.`))
const answer = baton.gate('Ship it?', { choices: ['a', 'b'] })
return { agents: await Promise.all(agents), answer: await answer }
";

#[test]
fn every_order_sent_while_nobody_owns_the_run_is_obeyed_before_anything_starts() {
    let place = Place::new();
    place.project.write("mixed.js", MIXED);
    let arguments =
        ["run", "mixed.js", "--extensions", "--agent", MODEL, "--yes", "--detach", "--json"];
    let (begun, code) = place.object(&arguments);
    assert_eq!(code, 0, "{begun}");
    let run = begun["run"].as_str().unwrap();
    place.asked(6);
    until("something is asked", || place.waiting().len() == 1);
    signal("-9", begun["pid"].as_u64().unwrap());
    until("nobody owns it", || place.row(run)["owned"] == false);
    let before = place.project.journal(run).len();
    let gate = place.waiting()[0]["gate"].as_str().unwrap().to_owned();
    let task = |number: u32| format!("{run}/{number}");
    let orders: [&[&str]; 6] = [
        &["cancel", &task(1)],
        &["restart", &task(2), "--note", "second time"],
        &["send", &task(3), "third hears this"],
        &["send", &format!("{run}@Work"), "all hear this"],
        &["approve", &gate, "--choice", "b"],
        &["pause", run],
    ];
    for order in orders {
        let (told, code) = place.object(&[order, &["--json"]].concat());
        assert_eq!((code, &told["outcome"]), (0, &json!("kept")), "{order:?}: {told}");
        assert!(told["message"].as_str().unwrap().starts_with("nobody drives"), "{told}");
    }
    assert_eq!(place.project.journal(run).len(), before, "nothing happens before somebody goes on");

    // The pause counts as well: nothing starts.
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (5, &json!("paused")), "{result}");
    let journal = place.project.journal(run);
    let since = &journal[before..];
    assert!(!kinds(since).contains(&"started"), "{:?}", kinds(since));
    for kind in ["cancel-ordered", "restart-ordered", "messaged", "completed", "pause-ordered"] {
        assert!(kinds(since).contains(&kind), "no {kind} in {:?}", kinds(since));
    }
    let asked = place.server.requests();
    assert_eq!(asked, 6);

    place.hold.release();
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(result["output"]["answer"]["choice"], "b");
    let said = result["output"]["agents"].as_array().unwrap();
    let served = |said: &Value| said.as_str().is_some_and(|said| said.contains("done: "));
    let served: Vec<bool> = said.iter().map(served).collect();
    assert_eq!(served, [false, true, true, true, true, true], "{said:?}");
    assert_eq!(place.server.requests(), 6 + 5, "the cancelled one is not asked again");
    let later: Vec<String> = place.server.log()[6..].iter().map(|seen| seen.by("user")).collect();
    let of = |text: &str| later.iter().filter(|said| said.contains(text)).count();
    assert_eq!(of("third hears this"), 1, "{later:?}");
    assert_eq!(of("all hear this"), 5, "{later:?}");
    assert_eq!(of("second time"), 1, "{later:?}");
}

#[test]
fn a_run_cancelled_while_nobody_owns_it_starts_nothing() {
    let place = Place::new();
    let arguments = ["run", "many.js", "--args-json", "3", "--agent", MODEL, "--yes"];
    let (begun, _) = place.object(&[&arguments[..], &["--detach", "--json"]].concat());
    let run = begun["run"].as_str().unwrap();
    place.asked(3);
    signal("-9", begun["pid"].as_u64().unwrap());
    until("nobody owns it", || place.row(run)["owned"] == false);
    let (told, _) = place.object(&["cancel", run, "--json"]);
    assert_eq!(told["outcome"], "kept");
    assert_eq!(told["cancelled"], json!({ "agent": 3 }));
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (1, &json!("cancelled")), "{result}");
    assert_eq!(result["output"], Value::Null);
    assert_eq!(place.server.requests(), 3);
}
