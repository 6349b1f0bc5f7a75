//! Forecasts of the workflows that come with the binary: they look up what is quoted to them, call
//! tools, run commands and check results, and a forecast comes to their ends all the same.

use std::process::Command;

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::place::{MODEL, Place};
use crate::provider;

const BEFORE: &str =
    "export function total(items) {\n  return items.reduce((a, b) => a + b, 0)\n}\n";
const AFTER: &str =
    "export function total(items) {\n  return items.slice(1).reduce((a, b) => a + b, 0)\n}\n";
const NOTES: &str = "# Service\n\nIt listens on port 8080.\nUntil version 2 it was port 80.\n";

const GRANTS: [&str; 4] = ["--grant", "read=**", "--grant", "read=.git/**"];
const COMMANDS: [&str; 4] = ["--grant", "exec=git diff **", "--grant", "exec=git ls-files **"];

/// A repository with a commit on a branch and a change in the working tree.
fn place() -> Place {
    let place = Place::new(&[("src/pay.js", BEFORE), ("docs/service.md", NOTES)], model);
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=Tester", "-c", "user.email=tester@example.org"])
            .args(arguments)
            .current_dir(place.project.path("root"))
            .env("HOME", place.project.path("person"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // The names of commits are in prompts, and prompts decide what is answered.
            .env("GIT_AUTHOR_DATE", "2026-01-01T12:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T12:00:00Z")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    git(&["checkout", "--quiet", "-b", "faster"]);
    place.project.write("root/src/pay.js", AFTER);
    git(&["commit", "--quiet", "--all", "--message", "two"]);
    place
}

/// A reviewer for correctness finds two things, one for tests another, and researchers one each; nobody
/// refutes anything.
fn model(seen: &Seen) -> Reply {
    let asked = seen.by("user");
    let finding = |title: &str, quote: &str| {
        json!({
            "title": title, "severity": "high", "path": "src/pay.js", "line": 2, "quote": quote,
            "why": "total([1]) is 0.", "fix": "Do not slice.",
        })
    };
    let has = |words: &str| asked.contains(words);
    let output = if has("Try to refute it.") {
        json!({ "refuted": false, "reason": "I opened the lines." })
    } else if has("one concern only, correctness") {
        json!({ "findings": [
            finding("The first item is left out", "return items.slice(1).reduce"),
            finding("Sums of nothing", "(a, b) => a + b, 0)"),
        ] })
    } else if has("one concern only, tests") {
        json!({ "findings": [finding("Untested behaviour", "export function total")] })
    } else if has("one concern only") {
        json!({ "findings": [] })
    } else if has("cut the question into") {
        json!({ "sub_questions": ["Which port now?", "Which port before?"] })
    } else if has("Check each claim") {
        json!({ "verdicts": [{ "claim": 1, "judgement": "supported", "reason": "I read it." }] })
    } else if has("Write the answer") {
        json!({ "answer": "It is 8080 [1].", "open": [] })
    } else {
        let source = json!({ "place": "docs/service.md", "quote": "It listens on port 8080." });
        json!({ "claims": [{ "statement": "It listens on 8080.", "sources": [source] }] })
    };
    provider::reply(seen, &asked, Some(output))
}

/// The forecast of a workflow over the repository.
fn plan(place: &Place, workflow: &str, input: &Value, more: &[&str]) -> Value {
    let input = input.to_string();
    let flags = ["--root", "root", "--agent", MODEL, "--yes", "--input", &input];
    let shown = place.object(&[&["plan", workflow, "--json"][..], &flags, more].concat());
    assert!(shown["forecast"].is_object(), "{shown}");
    shown["forecast"].clone()
}

fn run(place: &Place, workflow: &str, input: &Value, more: &[&str]) -> Value {
    let input = input.to_string();
    let flags = ["--root", "root", "--agent", MODEL, "--yes", "--input", &input];
    let report = place.object(&[&["run", workflow, "--json"][..], &flags, more].concat());
    assert_eq!(report["state"], "done", "{report}");
    report
}

/// Whether the agents of a run lie in the range of a forecast.
fn check(workflow: &str, forecast: &Value, report: &Value) {
    assert_eq!(forecast["complete"], true, "{workflow}: {forecast}");
    let actual = report["usage"]["agents"].as_u64().unwrap();
    let range = &forecast["agents"];
    let (low, high) = (range["low"].as_u64().unwrap(), range["high"].as_u64().unwrap());
    println!("{workflow}: {low}–{high}, actual {actual}\n  {}", forecast["notes"]);
    assert!((low..=high).contains(&actual), "{workflow}: {actual} is not in {low}–{high}");
}

fn says(forecast: &Value, words: &str) {
    let notes = forecast["notes"].to_string();
    assert!(notes.contains(words), "{words}: {notes}");
}

#[test]
fn a_review_of_a_branch_is_forecast_from_the_change_itself() {
    let place = place();
    let input = json!({ "base": "main" });
    let forecast = plan(&place, "review", &input, &GRANTS);
    assert_eq!(place.server.requests(), 0);
    says(&forecast, "can do nothing but read: git/diff");
    let notes = forecast["notes"].to_string();
    assert!(!notes.contains("commands are not run"), "{notes}");
    // A reviewer for each concern at least: that there is one file is known, and not made up.
    let phases = forecast["phases"].as_array().unwrap();
    let review = phases.iter().find(|phase| phase["title"] == "review").unwrap();
    assert_eq!(review["agents"], json!({ "low": 4, "likely": 4, "high": 4 }), "{forecast}");
    check("review of a branch", &forecast, &run(&place, "review", &input, &GRANTS));
}

#[test]
fn a_review_of_the_working_tree_is_forecast_although_no_command_is_run() {
    let place = place();
    place.project.write("root/src/pay.js", BEFORE);
    let flags = [&GRANTS[..], &COMMANDS].concat();
    let forecast = plan(&place, "review", &json!({}), &flags);
    says(&forecast, "commands are not run: what `git diff");
    says(&forecast, "taken to be a patch of 1 to 8 files");
    assert_eq!(forecast["complete"], true, "{forecast}");
    assert!(forecast["agents"]["low"].as_u64() >= Some(4), "{forecast}");
    // Without the commands the run itself would end at once, and there are no figures to show.
    let plan = ["plan", "review", "--root", "root", "--agent", MODEL, "--yes"];
    let text = place.text(&[&plan[..], &GRANTS].concat());
    assert!(text.contains("unknown: no dry run came to an end"), "{text}");
    assert!(text.contains("dry runs ended where the run itself would"), "{text}");
    assert!(!text.contains("· 0 agents"), "{text}");
}

#[test]
fn research_is_forecast_with_quotes_that_are_found() {
    let place = place();
    let input = json!({ "question": "Which port does it use?", "rounds": 1 });
    let forecast = plan(&place, "research", &input, &[]);
    check("research", &forecast, &run(&place, "research", &input, &[]));
}

#[test]
fn a_migration_is_forecast_with_attempts_that_fail_their_check() {
    let place = place();
    let input = json!({
        "files": ["src/*.js"], "instructions": "Turn {path} into a module.",
        "check": { "argv": ["grep", "-q", "export", "{path}"] },
    });
    let forecast =
        plan(&place, "migrate", &input, &["--grant", "write=**", "--grant", "exec=grep **"]);
    assert_eq!(forecast["complete"], true, "{forecast}");
    assert_eq!(forecast["agents"], json!({ "low": 1, "likely": 1, "high": 1 }), "{forecast}");
    says(&forecast, "6 of 10 attempts are taken to");
}
