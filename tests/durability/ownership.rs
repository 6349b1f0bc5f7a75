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
