//! Hostile and honest runs side by side in one process.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cases::{AGENT, AGENTS, ALL, hand_over};
use crate::yard::{Yard, ending};

/// Runs at once.
const RUNS: u64 = 8;

#[test]
fn one_process_survives_all_of_them_at_once() {
    let yard = Yard::new();
    let plain = ALL.iter().copied().flatten().filter(|case| case.limits.is_empty());
    let cases = plain
        .filter(|case| case.agent.is_some())
        .map(|case| (json!({ "case": case.name }), case.expected))
        .chain(AGENTS.iter().map(|(prompt, expected)| (hand_over(prompt), *expected)));
    // An honest run before each hostile one.
    let lines: Vec<(Value, &str)> =
        cases.flat_map(|bad| [(json!({ "case": "good" }), "answers good"), bad]).collect();
    let inputs: Vec<String> = lines.iter().map(|(input, _)| input.to_string()).collect();
    yard.write("inputs.jsonl", inputs.join("\n"));

    let mut args = Yard::arguments(&[], AGENT);
    args.extend(["--each", "inputs.jsonl", "--runs", &RUNS.to_string()].map(Into::into));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // A workflow and an agent of each run.
    let said = yard.run_guests(2 * RUNS, &args);
    assert_eq!(said.exit, 1, "{}", said.stderr);
    let reports: BTreeMap<u64, Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|report| (report["line"].as_u64().unwrap(), report))
        .collect();
    assert_eq!(reports.len(), lines.len());
    for ((number, report), (input, expected)) in reports.iter().zip(&lines) {
        assert_eq!(ending(report), *expected, "line {number}: {input}");
    }
    yard.canary();
    yard.settled();
}
