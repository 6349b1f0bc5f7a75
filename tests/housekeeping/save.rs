//! The program of a run, kept under a name.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::{Bench, fails, told};

const FLOW: &str = "export const meta = { name: 'flow', description: 'Two levels.' }
const one = await agent('step one', { agentType: 'careful' })
return [one, await workflow('deep', {})]
";

const DEEP: &str = "export const meta = { name: 'deep', description: 'The lower one.' }
return await agent('step two')
";

const CAREFUL: &str = "---
name: careful
description: Looks twice.
tools: Read, Bash
model: inherit
---
Look twice.
";

fn program(bench: &Bench, run: &str) -> String {
    let runs = bench.lines(&["ls", "--json", "--limit", "0"]);
    let found = runs.iter().find(|row| row["run"] == run).unwrap();
    found["program"].as_str().unwrap().to_owned()
}

fn start(bench: &Bench, workflow: &str) -> Value {
    let worker = bench.worker();
    bench.object(&["run", workflow, "--agent", &worker, "--yes", "--json"])
}

/// A project with a script that lies outside of the folder of workflows.
fn scripted() -> (Bench, String) {
    let bench = Bench::new();
    bench.write("flow.js", FLOW);
    bench.write(".baton/workflows/deep.js", DEEP);
    bench.write(".baton/agents/careful.md", CAREFUL);
    let report = start(&bench, "./flow.js");
    assert_eq!(report["state"], "done", "{report}");
    (bench, report["run"].as_str().unwrap().to_owned())
}

#[test]
fn what_was_saved_is_the_same_program_under_its_name() {
    let (bench, run) = scripted();
    // What the files say now does not matter.
    bench.write("flow.js", "not a script");
    let saved = bench.object(&["save", &run, "--as", "flow", "--json"]);
    assert_eq!(saved["same_program"], true, "{saved}");
    assert_eq!(saved["files"].as_array().unwrap().len(), 1, "{saved}");
    assert_eq!(bench.read(".baton/workflows/flow.js"), FLOW);
    let report = start(&bench, "flow");
    assert_eq!(program(&bench, report["run"].as_str().unwrap()), program(&bench, &run));
    // Once more there is nothing to do.
    let again = bench.object(&["save", &run, "--as", "flow", "--json"]);
    assert_eq!(again["files"][0]["state"], "same");
}

#[test]
fn what_it_runs_is_kept_with_it() {
    let (bench, run) = scripted();
    // For the person it must not depend on this project.
    let saved = bench.object(&["save", &run, "--as", "flow", "--user", "--json"]);
    let files: Vec<&str> = saved["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap().rsplit("person/").next().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            ".config/baton/agents/careful.md",
            ".config/baton/workflows/deep.js",
            ".config/baton/workflows/flow.js",
        ]
    );
    assert_eq!(saved["same_program"], true, "{saved}");
    fs::remove_dir_all(bench.path(".baton")).unwrap();
    let report = start(&bench, "flow");
    assert_eq!(report["state"], "done", "{report}");
    assert_eq!(program(&bench, report["run"].as_str().unwrap()), program(&bench, &run));
}

#[test]
fn a_component_is_kept_by_its_bytes() {
    let bench = Bench::new();
    bench.write("hello.wasm", baton_plugins::find("hello").unwrap().bytes);
    let worker = bench.worker();
    let arguments = ["run", "hello.wasm", "--input", "{\"names\":[\"a\"]}", "--agent", &worker];
    let report = bench.object(&[&arguments[..], &["--yes", "--json"]].concat());
    let run = report["run"].as_str().unwrap();
    fs::remove_file(bench.path("hello.wasm")).unwrap();
    let text = fails(&bench.output(&["save", run, "--as", "other"]), "B0069", 1);
    assert!(text.contains("--as hello"), "{text}");
    assert!(!bench.path(".baton/workflows").exists());
    let saved = bench.object(&["save", run, "--as", "hello", "--json"]);
    assert_eq!(saved["same_program"], true, "{saved}");
    let arguments = ["run", "hello", "--input", "{\"names\":[\"a\"]}", "--agent", &worker];
    let report = bench.object(&[&arguments[..], &["--yes", "--json"]].concat());
    assert_eq!(program(&bench, report["run"].as_str().unwrap()), program(&bench, run));
}

#[test]
fn another_name_is_another_program_and_is_told() {
    let (bench, run) = scripted();
    let saved = bench.object(&["save", &run, "--as", "nightly", "--json"]);
    assert_eq!(saved["same_program"], false, "{saved}");
    assert!(saved["not_kept"][0].as_str().unwrap().contains("another program"), "{saved}");
    assert_eq!(bench.read(".baton/workflows/nightly.js"), FLOW.replace("'flow'", "'nightly'"));
    assert_eq!(start(&bench, "nightly")["state"], "done");
}

#[test]
fn nothing_is_replaced_or_followed_silently() {
    let (bench, run) = scripted();
    bench.write(
        ".baton/workflows/flow.js",
        "export const meta = { name: 'flow', description: 'x' }\n",
    );
    let text = fails(&bench.output(&["save", &run, "--as", "flow"]), "B0069", 1);
    assert!(text.contains("flow.js is there already, and differs"), "{text}");
    let forced = bench.object(&["save", &run, "--as", "flow", "--force", "--json"]);
    assert_eq!(forced["files"][0]["state"], "replaced", "{forced}");

    // A file of another name that has the name of the workflow comes first.
    fs::remove_file(bench.path(".baton/workflows/flow.js")).unwrap();
    bench
        .write(".baton/workflows/a.js", "export const meta = { name: 'flow', description: 'x' }\n");
    let text = fails(&bench.output(&["save", &run, "--as", "flow"]), "B0069", 1);
    assert!(text.contains("stands for another workflow: .baton/workflows/a.js"), "{text}");
    assert!(!bench.path(".baton/workflows/flow.js").exists(), "nothing is left of it");
    fs::remove_file(bench.path(".baton/workflows/a.js")).unwrap();

    // Links at every level.
    bench.write("victim.js", "mine");
    symlink(bench.path("victim.js"), bench.path(".baton/workflows/flow.js")).unwrap();
    let text = fails(&bench.output(&["save", &run, "--as", "flow", "--force"]), "B0069", 1);
    assert!(text.contains("is a link"), "{text}");
    fs::remove_file(bench.path(".baton/workflows/flow.js")).unwrap();
    fs::rename(bench.path(".baton/workflows"), bench.path("elsewhere")).unwrap();
    symlink(bench.path("elsewhere"), bench.path(".baton/workflows")).unwrap();
    fails(&bench.output(&["save", &run, "--as", "flow", "--force"]), "B0069", 1);
    fs::remove_file(bench.path(".baton/workflows")).unwrap();
    fs::rename(bench.path(".baton"), bench.path("dot")).unwrap();
    symlink(bench.path("dot"), bench.path(".baton")).unwrap();
    fails(&bench.output(&["save", &run, "--as", "flow", "--force"]), "B0069", 1);
    assert!(!bench.path("elsewhere/flow.js").exists() && !bench.path("dot/workflows").exists());
    assert_eq!(bench.read("victim.js"), "mine");

    for name in ["../x", "a/b", ".x", "", "a b"] {
        let output = bench.output(&["save", &run, "--as", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", told(&output));
    }
}
