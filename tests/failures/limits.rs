//! Limits: each holds, can be set, and is named where it is met (F60, F61).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::place::Place;

#[test]
fn f60_a_cap_on_memory_can_be_set_and_the_error_names_it() {
    let place = Place::of_programs();
    place.project.write(
        "grow.js",
        "export const meta = { name: 'grow', description: 'Holds numbers.' }
const all = []
for (let i = 0; i < 30; i++) all.push(new Array(100000).fill(i + 0.5))
return all.length
",
    );
    let run = |bytes: &str| place.object(&["run", "grow.js", "--yes", "--json", "--limit", bytes]);
    let small = run("workflow.memory_bytes=16777216");
    assert_eq!((small.state(), small.exit), ("failed", 4), "{}", small.shown);
    let message = small.shown["error"]["message"].as_str().unwrap();
    for part in ["16777216", "workflow.memory_bytes", "--limit"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    let large = run("workflow.memory_bytes=134217728");
    large.done();
    assert_eq!(large.shown["output"], 30);
}

#[test]
fn f61_each_limit_is_met_by_a_guest_and_holds() {
    let place = Place::of_programs();
    let (shown, told, exit) = place.text(&["doctor", "--limits", "--json"]);
    assert_eq!(exit, 0, "{shown}{told}");
    let value: Value = serde_json::from_str(&shown).unwrap();
    let limits = value["limits"].as_array().unwrap();
    let held: BTreeSet<&str> = limits
        .iter()
        .filter(|limit| limit["holds"] == true)
        .map(|limit| limit["name"].as_str().unwrap())
        .collect();
    assert!(limits.iter().all(|limit| limit["holds"] != false), "{shown}");
    for world in ["workflow", "agent", "tool"] {
        for field in ["fuel", "memory_bytes", "table_elements", "instances", "memories", "tables"] {
            let name = format!("{world}.{field}");
            assert!(held.contains(name.as_str()), "{name} is not shown: {held:?}");
        }
    }
    // What no guest of the binary can meet is met by a test that is named, and is there.
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = limits.iter().filter(|limit| limit["holds"].is_null());
    let named: Vec<&Value> = named.collect();
    for limit in &named {
        let (file, test) = limit["test"].as_str().and_then(|test| test.split_once(' ')).unwrap();
        let text = fs::read_to_string(repository.join(file)).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "{limit}");
    }
    assert_eq!((held.len(), named.len()), (72, 12), "{held:?} {named:?}");
    // Nothing of it is left in the project.
    assert!(!place.project.path("home").exists() && place.text(&["ls"]).0.is_empty());
    // The table names every limit, also those that no guest here can meet.
    let doctor = place.project.object(&["doctor", "--json"]);
    assert_eq!(doctor["limits"].as_array().unwrap().len(), limits.len());
}
