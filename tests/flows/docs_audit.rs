//! `docs-audit` with a model: its agents look things up within their scope and are kept from the rest.

use baton_test_llm::{Reply, Seen};
use serde_json::json;

use crate::support::{MODEL, Place, records, submit};

const README: &str =
    "# Tool\n\nSee [the guide](docs/guide.md).\n\nThe port is 80 unless you say otherwise.\n";
const SETTINGS: &str = "PORT = 8080\n";

fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    if asked.contains("Try to refute each one") {
        return match seen.turns {
            0 => Reply::call("read_file", json!({ "path": "README.md" })),
            _ => submit(json!({ "verdicts": [
                { "index": 0, "verdict": "upheld", "reason": "docs/ has no such file." },
                { "index": 1, "verdict": "upheld", "reason": "The settings say 8080." },
            ] })),
        };
    }
    match seen.turns {
        0 => Reply::call("read_file", json!({ "path": "README.md" }))
            .and_call("read_file", json!({ "path": "settings.py" }))
            .and_call("read_file", json!({ "path": ".env" }))
            .and_call("read_file", json!({ "path": "../outside.txt" })),
        1 => {
            assert_eq!(seen.results, 4);
            Reply::call("list_files", json!({ "patterns": ["docs/**"] }))
        }
        _ => submit(json!({
            "findings": [
                {
                    "kind": "missing-file", "severity": "high", "path": "README.md",
                    "lines": { "first": 1, "last": 1 }, "quote": "See [the guide](docs/guide.md).",
                    "subject": "docs/guide.md", "why": "There is no such file.", "fix": "Write it.",
                },
                {
                    "kind": "wrong-statement", "severity": "medium", "path": "README.md",
                    "lines": { "first": 5, "last": 5 }, "quote": "The port is 80", "subject": "PORT",
                    "others": [{ "path": "settings.py", "lines": { "first": 1, "last": 1 },
                        "quote": "PORT = 8080" }],
                    "why": "It is 8080.", "fix": "Say 8080.",
                },
                {
                    "kind": "wrong-statement", "severity": "high", "path": "README.md",
                    "lines": { "first": 2, "last": 2 }, "quote": "It deletes everything.",
                    "subject": "x", "why": "It does not.", "fix": "Remove it.",
                },
            ],
            "facts": [{ "path": "README.md" }],
        })),
    }
}

#[test]
fn a_model_audits_within_its_scope_and_nothing_it_invents_stands() {
    let place = Place::new(&[("README.md", README), ("settings.py", SETTINGS)], model);
    place.project.write("root/.env", "SECRET=hidden-words\n");
    place.project.write("outside.txt", "outside-words\n");
    let report = place.run("docs-audit", &json!({}), &["--agent", MODEL]);
    assert_eq!(report["state"], "done", "{report}");
    let output = &report["output"];
    let found: Vec<(&str, u64)> = output["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["lines"]["first"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("missing-file", 3), ("wrong-statement", 5)], "{output}");
    assert_eq!(output["refuted"][0]["quote"], "It deletes everything.");
    assert_eq!(output["refuted"][0]["challenge"]["by"], "the workflow");
    assert_eq!(output["summary"]["unchallenged"], 0);
    // What is out of scope was refused, is on record, and was never sent to anybody.
    assert!(!place.server.saw("hidden-words") && !place.server.saw("outside-words"));
    let journal = place.project.journal(report["run"].as_str().unwrap());
    let denied = records(&journal, "denied");
    let tried: Vec<String> = denied.iter().map(|record| record.to_string()).collect();
    for path in [".env", "../outside.txt"] {
        assert!(tried.iter().any(|one| one.contains(path)), "{path}: {tried:?}");
    }
}

#[test]
fn without_a_model_the_same_workflow_has_its_own_agents() {
    let place = Place::new(&[("README.md", README)], |_: &Seen| Reply::text("never asked"));
    let report = place.run("docs-audit", &json!({}), &[]);
    assert_eq!((report["state"].as_str(), place.server.requests()), (Some("done"), 0), "{report}");
    assert_eq!(report["output"]["findings"][0]["kind"], "missing-file");
}
