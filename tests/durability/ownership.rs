//! One run, one owner.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Bench, names};

#[test]
fn of_two_processes_that_resume_one_run_exactly_one_proceeds() {
    let bench = Bench::new();
    let worker = bench.worker("0.2");
    let input = names(24);
    let mut first = bench.spawn(&[
        "run",
        "hello.wasm",
        "--input",
        &input,
        "--agent",
        &worker,
        "--yes",
        "--json",
        "--concurrency",
        "4",
    ]);
    let began = Instant::now();
    while bench.starts().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "the run never started");
        sleep(Duration::from_millis(5));
    }
    let run = bench.only_run().unwrap();
    let refused = bench.run(&["resume", &run, "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("is owned by"), "{text}");
    first.kill().unwrap();
    first.wait().unwrap();
    let mut contenders: Vec<_> = (0..4).map(|_| bench.spawn(&["resume", &run, "--json"])).collect();
    let ended: Vec<_> =
        contenders.drain(..).map(|child| child.wait_with_output().unwrap()).collect();
    let winners = ended.iter().filter(|output| output.status.success()).count();
    assert_eq!(winners, 1, "{ended:?}");
    let starts = bench.starts();
    assert!(starts.values().all(|starts| starts.len() <= 2), "{starts:?}");
}

#[test]
fn of_two_processes_that_resume_one_batch_exactly_one_proceeds() {
    let bench = Bench::new();
    let worker = bench.worker("0.1");
    std::fs::write(bench.path("inputs.jsonl"), "{\"names\":[\"a\"]}\n".repeat(20)).unwrap();
    let each = ["--each", "inputs.jsonl", "--agent", &worker, "--yes", "--runs", "1"];
    let mut first = bench.spawn(&[&["run", "hello.wasm"][..], &each].concat());
    let began = Instant::now();
    while bench.starts().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "the batch never started");
        sleep(Duration::from_millis(5));
    }
    let batch = bench.lines(&["ls", "--json"])[0]["batch"]["id"].as_str().unwrap().to_owned();
    let refused = bench.run(&["resume", &batch]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("another process works on"), "{text}");
    first.kill().unwrap();
    first.wait().unwrap();
    let contenders: Vec<_> =
        (0..3).map(|_| bench.spawn(&["resume", &batch, "--runs", "1"])).collect();
    let ended: Vec<_> =
        contenders.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(ended.iter().any(|output| output.status.success()), "{ended:?}");
    let runs = bench.lines(&["ls", "--json", "--limit", "0"]);
    assert_eq!(runs.len(), 20, "each line ran once");
}
