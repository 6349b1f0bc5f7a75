//! A component and a journal of every released version work on every later one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Released versions, each a folder here.
const VERSIONS: &[&str] = &["v0.1.0", "v0.1.1"];

fn golden(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(version)
}

/// A folder with a copy of what was released, and a worker.
fn unpack(version: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::copy(golden(version).join("home/journal.db"), home.join("journal.db")).unwrap();
    for component in ["hello.wasm", "echo_agent.wasm"] {
        fs::copy(golden(version).join(component), dir.path().join(component)).unwrap();
    }
    let worker = dir.path().join("golden-worker");
    let script =
        "#!/bin/sh\ncat > /dev/null\nprintf '{\"output\":\"done %s\"}' \"${BATON_TASK#*/}\"\n";
    fs::write(&worker, script).unwrap();
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn baton(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_baton"))
        .args(args)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", dir.display()))
        .env("HOME", dir)
        .env("BATON_HOME", dir.join("home"))
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn runs(dir: &Path) -> Vec<Value> {
    let mut runs: Vec<Value> = text(&baton(dir, &["ls", "--json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    runs.sort_by_key(|run| run["run"].as_str().unwrap().to_owned());
    runs
}

#[test]
fn journals_of_released_versions_read_as_they_did() {
    for version in VERSIONS {
        let dir = unpack(version);
        assert!(text(&baton(dir.path(), &["journal", "--verify"])).contains("sound"));
        let records: String = runs(dir.path())
            .iter()
            .map(|run| {
                text(&baton(dir.path(), &["journal", run["run"].as_str().unwrap(), "--json"]))
            })
            .collect();
        let expected = fs::read_to_string(golden(version).join("records.jsonl")).unwrap();
        assert_eq!(records, expected, "{version}");
    }
}

#[test]
fn a_paused_run_of_a_released_version_is_finished() {
    for version in VERSIONS {
        let dir = unpack(version);
        let runs = runs(dir.path());
        let paused = runs.iter().find(|run| run["state"] == "paused").unwrap();
        let run = paused["run"].as_str().unwrap();
        let output = baton(dir.path(), &["resume", run, "--max-agents", "4", "--json", "--yes"]);
        let report: Value = serde_json::from_str(&text(&output)).unwrap();
        assert_eq!(report["state"], "done", "{version}: {report}");
        let greetings = serde_json::json!(["done 1", "done 2", "done 3", "done 4"]);
        assert_eq!(report["output"]["greetings"], greetings, "{version}");
        assert_eq!(
            report["usage"]["agents"], 4,
            "{version}: finished agents are not started again"
        );
    }
}

#[test]
fn components_of_released_versions_run() {
    for version in VERSIONS {
        let dir = unpack(version);
        let output = baton(
            dir.path(),
            &[
                "run",
                "./hello.wasm",
                "--input",
                r#"{"names":["Ada"]}"#,
                "--agent",
                "component:./echo_agent.wasm",
                "--yes",
                "--json",
            ],
        );
        let report: Value = serde_json::from_str(&text(&output)).unwrap();
        assert_eq!(
            report["output"]["greetings"],
            serde_json::json!(["Say hello to Ada."]),
            "{version}"
        );
    }
}

#[test]
fn results_of_released_versions_are_reused() {
    for version in VERSIONS {
        let dir = unpack(version);
        let runs = runs(dir.path());
        let paused = runs.iter().find(|run| run["state"] == "paused").unwrap();
        let old = paused["run"].as_str().unwrap();
        let tasks = text(&baton(dir.path(), &["tree", old, "--json"]));
        let done = tasks.lines().filter(|task| task.contains(r#""state":"done""#)).count();
        assert!(done > 0, "{version}: {tasks}");
        let output = baton(
            dir.path(),
            &[
                "run",
                "./hello.wasm",
                "--input",
                r#"{"names":["d","c","b","a"]}"#,
                "--agent",
                "command:golden-worker",
                "--yes",
                "--json",
                "--reuse",
                old,
            ],
        );
        let report: Value = serde_json::from_str(&text(&output)).unwrap();
        assert_eq!(report["reused"], done, "{version}: {report}");
        assert_eq!(report["usage"]["agents"], 4 - done, "{version}");
    }
}
