//! `kill -9` at random moments, resumed each time.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bench, alive, names};

const AGENTS: usize = 200;
const CONCURRENCY: usize = 16;

/// Kills in one test run; raised for a long one by `BATON_TEST_KILLS`.
pub fn kills() -> usize {
    std::env::var("BATON_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

pub fn seed() -> u64 {
    std::env::var("BATON_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7)
}

/// Moments from a seed: xorshift64*.
pub struct Moments(u64);

impl Moments {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn millis(&mut self, below: u64) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        Duration::from_millis(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % below)
    }
}

fn undisturbed(input: &str) -> String {
    let bench = Bench::new();
    let worker = bench.worker("0");
    let report =
        bench.json(&["run", "hello.wasm", "--input", input, "--agent", &worker, "--yes", "--json"]);
    assert_eq!(report["state"], "done", "{report}");
    report["output"].to_string()
}

/// Tasks that have a completion in the journal.
pub fn completed(bench: &Bench, run: &str) -> BTreeSet<String> {
    bench
        .lines(&["tree", run, "--json"])
        .iter()
        .filter(|task| task["state"] == "done")
        .filter_map(|task| task["task"].as_str()?.split_once('/').map(|(_, path)| path.to_owned()))
        .collect()
}

#[test]
fn a_killed_run_is_resumed_without_repeating_finished_work() {
    let input = names(AGENTS);
    let expected = undisturbed(&input);
    let bench = Bench::new();
    // Long enough that the run is not over before it has been killed often enough.
    let worker = bench.worker(if kills() > 20 { "0.32" } else { "0.15" });
    let concurrency = CONCURRENCY.to_string();
    let start = [
        "run",
        "hello.wasm",
        "--input",
        &input,
        "--agent",
        &worker,
        "--yes",
        "--json",
        "--concurrency",
        &concurrency,
    ];
    let mut moments = Moments::new(seed());
    let (mut fired, mut repeats_allowed) = (0, 0);
    let mut run: Option<String> = None;
    let mut slowest_takeover = Duration::ZERO;
    let mut report: Option<Value> = None;
    while report.is_none() {
        let before = run.as_ref().map(|run| completed(&bench, run)).unwrap_or_default();
        let starts_before = bench.starts();
        let mut child = match &run {
            None => bench.spawn(&start),
            Some(run) => bench.spawn(&["resume", run, "--json"]),
        };
        let began = Instant::now();
        if run.is_some() {
            // Taken over once a task is started that was not finished before.
            while bench.starts() == starts_before && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(2));
            }
            slowest_takeover = slowest_takeover.max(began.elapsed());
        }
        if fired < kills() {
            sleep(moments.millis(400));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        if output.status.signal() == Some(9) {
            fired += 1;
            sleep(Duration::from_secs(1));
            let living: Vec<i32> =
                bench.starts().into_values().flatten().filter(|pid| alive(*pid)).collect();
            assert_eq!(living, [] as [i32; 0], "programs outlived their host by a second");
            run = run.or_else(|| bench.only_run());
            repeats_allowed += CONCURRENCY;
        } else {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            report = Some(serde_json::from_slice(&output.stdout).unwrap());
        }
        for (task, starts) in bench.starts() {
            let known = starts_before.get(&task).map_or(0, Vec::len);
            assert!(
                starts.len() == known || !before.contains(&task),
                "task {task} was started again after it had completed"
            );
        }
    }
    let report = report.unwrap();
    assert_eq!(report["output"].to_string(), expected);
    let starts: usize = bench.starts().values().map(Vec::len).sum();
    assert!(starts >= AGENTS && starts <= AGENTS + repeats_allowed, "{starts} starts");
    assert!(fired * 3 >= kills() * 2, "only {fired} kills hit a living process");
    let verified = bench.run(&["journal", "--verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    eprintln!(
        "kills {fired}, starts {starts} of {AGENTS} agents, slowest start after a takeover {slowest_takeover:?}"
    );
}
