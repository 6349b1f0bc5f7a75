//! A review of a branch, with answers of a provider and with recorded ones.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::support::{MODEL, Place, records, submit};

const BEFORE: &str =
    "export function total(items) {\n  return items.reduce((a, b) => a + b, 0)\n}\n";
const AFTER: &str =
    "export function total(items) {\n  return items.slice(1).reduce((a, b) => a + b, 0)\n}\n";

fn finding(title: &str, quote: &str, severity: &str) -> Value {
    json!({
        "title": title, "severity": severity, "path": "src/pay.js", "line": 1, "quote": quote,
        "why": "total([1]) is 0.", "fix": "Do not slice.",
    })
}

/// Reviewers for correctness find something, something wrong, and something that is nowhere; the
/// others find nothing. Everybody opens the file first.
fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    if seen.turns == 0 {
        let look = Reply::call("read_file", json!({ "path": "src/pay.js" })).usage(2_000, 50);
        return look.and_call("read_file", json!({ "path": ".git/config" }));
    }
    if asked.contains("Try to refute it.") {
        let refuted = asked.contains("Title: The name is short");
        return submit(json!({ "refuted": refuted, "reason": "I opened the lines." }));
    }
    let findings = if asked.contains("one concern only, correctness") {
        json!([
            finding("The first item is left out", "return items.slice(1).reduce", "high"),
            finding("The name is short", "export function total(items) {", "low"),
            finding("It was never written", "while (true) {}", "high"),
        ])
    } else {
        json!([])
    };
    submit(json!({ "findings": findings }))
}

const GRANTS: [&str; 4] = ["--grant", "read=**", "--grant", "read=.git/**"];

fn check(report: &Value) {
    assert_eq!(report["state"], "done", "{report}");
    let output = &report["output"];
    assert_eq!(output["verdict"], "request-changes", "{output}");
    assert_eq!(output["complete"], true, "{output}");
    let titles = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap();
        list.iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&output["findings"]), ["The first item is left out"]);
    assert_eq!(titles(&output["refuted"]), ["The name is short"]);
    assert_eq!(titles(&output["unfounded"]), ["It was never written"]);
    assert_eq!(output["findings"][0]["lines"], json!({ "first": 2, "last": 2 }));
    assert_eq!(report["evidence"][0]["path"], "src/pay.js");
    assert_eq!(report["artifacts"][0]["name"], "review.md");
}

#[test]
fn a_branch_is_reviewed_and_the_review_can_be_replayed_without_a_provider() {
    let place = Place::new(&[("src/pay.js", BEFORE), ("README.md", "# Pay\n")], model);
    place.git(&["checkout", "--quiet", "-b", "faster"]);
    place.commit(&[("src/pay.js", AFTER)]);
    let input = json!({ "base": "main", "about": "Faster sums." });
    let mut flags = vec!["--agent", MODEL, "--record", "kept"];
    flags.extend(GRANTS);
    let report = place.run("review", &input, &flags);
    check(&report);
    // Four reviewers and two challengers for each of two findings, two calls each.
    assert_eq!((report["usage"]["agents"].as_u64(), place.server.requests()), (Some(8), 16));
    let log = place.server.log();
    assert!(log.iter().all(|seen| seen.offers("git__file") && seen.offers("read_file")));
    // `.git` is for the tools that show revisions, and nothing else was refused.
    assert!(!place.server.saw("repositoryformatversion"));
    let denied = records(&place.project.journal(report["run"].as_str().unwrap()), "denied");
    assert_eq!(denied.len(), 8, "{denied:?}");
    assert!(denied.iter().all(|it| it["denial"]["tried"] == "read .git/config"), "{denied:?}");

    let mut flags = vec!["--agent", "recorded:kept"];
    flags.extend(GRANTS);
    let again = place.run("review", &input, &flags);
    check(&again);
    assert_eq!(place.server.requests(), 16, "nobody was asked");
    assert_eq!(again["output"], report["output"]);
    assert_eq!(again["usage"]["cost_usd"], report["usage"]["cost_usd"]);
}

#[test]
fn the_working_tree_is_reviewed_with_files_that_git_does_not_know() {
    let place = Place::new(&[("src/pay.js", BEFORE)], model);
    place.project.write("root/src/pay.js", AFTER);
    place.project.write("root/src/new.js", "export const port = 80\n");
    let mut flags = vec!["--agent", MODEL, "--grant", "exec=git diff **"];
    flags.extend(["--grant", "exec=git ls-files **"]);
    flags.extend(GRANTS);
    let report = place.run("review", &json!({ "concerns": ["correctness"] }), &flags);
    check(&report);
    assert_eq!(report["output"]["files"], json!(["src/pay.js", "src/new.js"]));
}
