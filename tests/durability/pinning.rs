//! A run under way belongs to the bytes it was started with.

use std::fs;

use baton_test_support::{kill_9, until};

use crate::support::{Bench, names};

/// A run that was killed in the middle, with two of its agents at work; returns its id.
fn interrupted(bench: &Bench, worker: &str, input: &str) -> String {
    bench.answer_only(2);
    let child = bench.spawn(&[
        "run",
        "hello.wasm",
        "--input",
        input,
        "--agent",
        worker,
        "--yes",
        "--json",
        "--concurrency",
        "2",
    ]);
    until("two are done and two at work", || bench.starts().len() >= 4);
    kill_9(child);
    bench.let_go();
    bench.only_run().unwrap()
}

#[test]
fn the_file_on_disk_does_not_matter_once_a_run_has_started() {
    let bench = Bench::new();
    let worker = bench.worker("0");
    let run = interrupted(&bench, &worker, &names(12));
    fs::write(bench.path("hello.wasm"), b"something else").unwrap();
    let report = bench.json(&["resume", &run, "--json"]);
    assert_eq!(report["state"], "done", "{report}");
    assert_eq!(report["output"]["greetings"].as_array().unwrap().len(), 12);
}

#[test]
fn another_component_in_its_place_stops_with_the_divergence() {
    let bench = Bench::new();
    let worker = bench.worker("0");
    let run = interrupted(&bench, &worker, &names(12));
    bench.install("docs-audit");
    let output = bench.run(&["resume", &run, "--workflow", "docs-audit.wasm", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("diverged at command 1"), "{text}");
    assert!(text.contains("recorded:") && text.contains("attempted:"), "{text}");
    let report = bench.json(&["resume", &run, "--json"]);
    assert_eq!(report["state"], "done", "the pinned program still finishes it: {report}");
}

#[test]
fn a_program_named_by_a_relative_path_is_the_same_from_another_directory() {
    let bench = Bench::new();
    bench.worker("0");
    let run = interrupted(&bench, "command:./worker.sh", &names(12));
    let resumed = bench
        .baton()
        .current_dir(bench.path("root"))
        .args(["resume", &run, "--json"])
        .output()
        .unwrap();
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
}
