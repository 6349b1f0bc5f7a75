//! One run, one owner.

use std::process::Child;

use baton_test_support::{kill_9, until};

use crate::support::{Bench, names};

/// How many have ended.
fn ended(processes: &mut [Child]) -> usize {
    processes.iter_mut().filter_map(|process| process.try_wait().unwrap()).count()
}

#[test]
fn of_two_processes_that_resume_one_run_exactly_one_proceeds() {
    let bench = Bench::new();
    let worker = bench.worker("0");
    bench.answer_only(1);
    let input = names(24);
    let first = bench.spawn(&[
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
    until("the run starts", || !bench.starts().is_empty());
    let run = bench.only_run().unwrap();
    let refused = bench.run(&["resume", &run, "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("is owned by"), "{text}");
    kill_9(first);
    let mut contenders: Vec<_> = (0..4).map(|_| bench.spawn(&["resume", &run, "--json"])).collect();
    // The run does not end before all but one have found its owner.
    until("three are refused", || ended(&mut contenders) == 3);
    bench.let_go();
    let ended: Vec<_> =
        contenders.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let winners = ended.iter().filter(|output| output.status.success()).count();
    assert_eq!(winners, 1, "{ended:?}");
    let starts = bench.starts();
    assert!(starts.values().all(|starts| starts.len() <= 2), "{starts:?}");
}

#[test]
fn of_two_processes_that_resume_one_batch_exactly_one_proceeds() {
    let bench = Bench::new();
    let worker = bench.worker("0");
    bench.answer_only(2);
    std::fs::write(bench.path("inputs.jsonl"), "{\"names\":[\"a\"]}\n".repeat(20)).unwrap();
    let each = ["--each", "inputs.jsonl", "--agent", &worker, "--yes", "--runs", "1"];
    let first = bench.spawn(&[&["run", "hello.wasm"][..], &each].concat());
    until("the batch starts", || !bench.starts().is_empty());
    let batch = bench.lines(&["ls", "--json"])[0]["batch"]["id"].as_str().unwrap().to_owned();
    let refused = bench.run(&["resume", &batch]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("another process works on"), "{text}");
    kill_9(first);
    let mut contenders: Vec<_> =
        (0..3).map(|_| bench.spawn(&["resume", &batch, "--runs", "1"])).collect();
    until("two are refused", || ended(&mut contenders) == 2);
    bench.let_go();
    let ended: Vec<_> =
        contenders.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let winners = ended.iter().filter(|output| output.status.success()).count();
    assert_eq!(winners, 1, "{ended:?}");
    let runs = bench.lines(&["ls", "--json", "--limit", "0"]);
    assert_eq!(runs.len(), 20, "each line ran once");
}
