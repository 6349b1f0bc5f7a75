//! `kill -9` at random moments, resumed each time.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};

use baton_test_support::{alive, kill_9, until};
use serde_json::Value;

use crate::support::{Bench, names};

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

/// No task was started again that had completed before.
pub fn nothing_repeated(
    bench: &Bench,
    completed: &BTreeSet<String>,
    before: &BTreeMap<String, Vec<u32>>,
) {
    for (task, starts) in bench.starts() {
        let known = before.get(&task).map_or(0, Vec::len);
        assert!(
            starts.len() == known || !completed.contains(&task),
            "task {task} was started again after it had completed"
        );
    }
}

/// Lets a run that was killed go on to its end: besides its agents, only those are started that a kill may
/// have met at work. Its report, and how many were started.
pub fn goes_on(bench: &Bench, run: &str, agents: usize, concurrency: usize) -> (Value, usize) {
    bench.let_go();
    let (before, starts_before) = (completed(bench, run), bench.starts());
    let report = bench.json(&["resume", run, "--json"]);
    nothing_repeated(bench, &before, &starts_before);
    let starts: usize = bench.starts().values().map(Vec::len).sum();
    assert!(starts >= agents && starts <= agents + kills() * concurrency, "{starts} starts");
    let verified = bench.run(&["journal", "--verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    (report, starts)
}

#[test]
fn a_killed_run_is_resumed_without_repeating_finished_work() {
    let input = names(AGENTS);
    let expected = undisturbed(&input);
    let bench = Bench::new();
    // Slow enough that the kills meet many moments of the run.
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
    let mut run: Option<String> = None;
    let mut slowest_takeover = Duration::ZERO;
    for kill in 0..kills() {
        // The first to be killed has programs that do not end by themselves. The run does not end before the
        // last kill.
        bench.answer_only(if kill == 0 { 0 } else { AGENTS - 2 * CONCURRENCY });
        let before = run.as_ref().map(|run| completed(&bench, run)).unwrap_or_default();
        let starts_before = bench.starts();
        let child = match &run {
            None => bench.spawn(&start),
            Some(run) => bench.spawn(&["resume", run, "--json"]),
        };
        let began = Instant::now();
        // Taken over once a task is started that was not finished before.
        until("an agent is started", || bench.starts() != starts_before);
        slowest_takeover = slowest_takeover.max(began.elapsed());
        sleep(moments.millis(400));
        kill_9(child);
        nothing_repeated(&bench, &before, &starts_before);
        let known: BTreeSet<u32> = starts_before.into_values().flatten().collect();
        until("no program outlives its host", || {
            let mut started = bench.starts().into_values().flatten();
            !started.any(|pid| !known.contains(&pid) && alive(pid))
        });
        run = run.or_else(|| bench.only_run());
    }
    let (report, starts) = goes_on(&bench, &run.unwrap(), AGENTS, CONCURRENCY);
    assert_eq!(report["output"].to_string(), expected);
    eprintln!(
        "kills {}, starts {starts} of {AGENTS} agents, slowest start after a takeover {slowest_takeover:?}",
        kills()
    );
}
