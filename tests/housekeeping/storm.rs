//! Housekeeping while processes start, end and die: no blob that is needed is ever missing.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use baton_test_support::until;
use serde_json::Value;

use crate::support::{Bench, fails, told};

/// How long it lasts at the least; raised for a long one by `BATON_TEST_SECONDS`.
fn lasting() -> Duration {
    let set = std::env::var("BATON_TEST_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(set.unwrap_or(15))
}

/// Moments from a seed: xorshift64*.
struct Moments(u64);

impl Moments {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % below
    }
}

/// What the threads count and are told.
#[derive(Default)]
struct Counts {
    over: AtomicBool,
    runs: AtomicUsize,
    runs_killed: AtomicUsize,
    resumed: AtomicUsize,
    // Of those that ended well:
    reused: AtomicUsize,
    forked: AtomicUsize,
    followed: AtomicUsize,
    gone: AtomicUsize,
    swept: AtomicUsize,
    gcs: AtomicUsize,
    gcs_killed: AtomicUsize,
    checks: AtomicUsize,
}

impl Counts {
    fn add(counter: &AtomicUsize, number: usize) {
        counter.fetch_add(number, Ordering::Relaxed);
    }

    /// Whether enough has happened that the test means something.
    fn enough(&self) -> bool {
        let least = [
            (&self.runs_killed, 3),
            (&self.gcs_killed, 3),
            (&self.resumed, 1),
            (&self.swept, 1),
            (&self.checks, 3),
        ];
        least.iter().all(|(counter, least)| counter.load(Ordering::Relaxed) >= *least)
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// A script of its own bytes for some runs, and of the same for others; its prompts are long enough
/// that their records are blobs, half of them shared.
fn script(own: &str) -> String {
    format!(
        "export const meta = {{ name: 'storm', description: 'Of {own}.' }}
const long = 'lorem '.repeat(4000)
const shared = await agent(`shared ${{long}}`, {{ label: 'shared' }})
const own = await agent(`of {own} ${{long}}`, {{ label: 'own' }})
return [shared.length, own.length]
"
    )
}

/// Starts runs, kills some, and goes on with those.
fn drive(bench: &Bench, counts: &Counts, number: u64) {
    let mut moments = Moments(number * 2 + 1);
    // A worker of its own, whose calls are those of its own runs.
    let (own_worker, calls) = (format!("t{number}/worker.sh"), format!("t{number}/calls"));
    bench.write(&format!("t{number}/seconds"), "0.15");
    fs::copy(bench.path("worker.sh"), bench.path(&own_worker)).unwrap();
    let worker = format!("command:{}", bench.path(&own_worker).display());
    let mut last: Option<String> = None;
    for round in 0.. {
        if counts.over() {
            return;
        }
        let own =
            if moments.below(3) == 0 { "all".to_owned() } else { format!("{number} {round}") };
        let file = format!("storm-{number}.js");
        bench.write(&file, script(&own));
        let fresh = ["run", &file, "--agent", &worker, "--yes", "--json"];
        // The run that this thread ended last may be removed at any moment.
        let (arguments, counted): (Vec<&str>, _) = match (last.as_deref(), (round + number) % 4) {
            (Some(last), 1) => ([&fresh[..], &["--reuse", last]].concat(), Some(&counts.reused)),
            (Some(last), 2) => {
                (vec!["fork", last, "--at", "/2", "--yes", "--json"], Some(&counts.forked))
            }
            (Some(last), 3) => {
                (vec!["send", last, "is that all?", "--yes", "--json"], Some(&counts.followed))
            }
            _ => (fresh.to_vec(), None),
        };
        let mut child = bench.command(&arguments);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        match moments.below(4) {
            // Any moment, most of them before the run begins.
            0 => {
                sleep(Duration::from_millis(moments.below(900)));
                child.kill().unwrap();
            }
            // While its agents are at work.
            1 => {
                let before = bench.read(&calls).len();
                while bench.read(&calls).len() == before && child.try_wait().unwrap().is_none() {
                    sleep(Duration::from_millis(5));
                }
                sleep(Duration::from_millis(moments.below(200)));
                child.kill().unwrap();
            }
            _ => {}
        }
        let output = child.wait_with_output().unwrap();
        Counts::add(&counts.runs, 1);
        if output.status.signal() == Some(9) {
            Counts::add(&counts.runs_killed, 1);
            continue;
        }
        if !output.status.success() {
            // Only what it was to reuse, fork or answer may be missing.
            fails(&output, "B0009", 2);
            Counts::add(&counts.gone, 1);
            last = None;
            continue;
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["state"], "done", "{report}");
        if let Some(counted) = counted {
            Counts::add(counted, 1);
        }
        // A fork at the second agent needs a run with two, which an answer is not.
        if arguments.first() != Some(&"send") {
            last = Some(report["run"].as_str().unwrap().to_owned());
        }
    }
}

/// Whoever builds upon a run that a storm left finds all of it, also when nothing else is kept.
fn builds_upon(bench: &Bench) {
    bench.write("storm.js", script("last"));
    let worker = bench.worker();
    let fresh = ["run", "storm.js", "--agent", &worker, "--yes", "--json"];
    let first = bench.object(&fresh)["run"].as_str().unwrap().to_owned();
    let more: [&[&str]; 3] = [
        &[&fresh[..], &["--reuse", &first]].concat(),
        &["fork", &first, "--at", "/2", "--yes", "--json"],
        &["send", &first, "is that all?", "--yes", "--json"],
    ];
    for (others, arguments) in more.into_iter().enumerate() {
        let report = bench.object(arguments);
        assert_eq!(report["state"], "done", "{report}");
        // All older ones go.
        let keep = (others + 2).to_string();
        let report = bench.object(&["gc", "--keep", &keep, "--json"]);
        bench.verify();
        assert_eq!(bench.object(&["show", &first, "--json"])["state"], "done", "{report}");
    }
}

/// Runs that have not ended.
fn open(bench: &Bench) -> Vec<Value> {
    let output = bench.output(&["ls", "--json", "--state", "running,paused", "--limit", "0"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Goes on with every run that lost its process.
fn revive(bench: &Bench, counts: &Counts) {
    let lost = || -> Vec<String> {
        let rows = open(bench).into_iter().filter(|row| row["owned"] == false);
        rows.map(|row| row["run"].as_str().unwrap().to_owned()).collect()
    };
    // One that ended between the looks at its state and at its owner is no lost one, and may be removed: of
    // those that are lost, the state cannot change any more.
    let before = lost();
    for run in lost().iter().filter(|run| before.contains(run)) {
        let output = bench.output(&["resume", run, "--json", "--yes"]);
        let text = told(&output);
        assert!(output.status.success() || text.contains("B0011"), "{run}: {text}");
        Counts::add(&counts.resumed, usize::from(output.status.success()));
    }
}

/// Tidies up again and again, and dies of it half the time.
fn tidy(bench: &Bench, counts: &Counts) {
    let mut moments = Moments(77);
    while !counts.over() {
        // Mostly more than threads build upon, and now and then none of those.
        let keep = match moments.below(6) {
            0 => "0".to_owned(),
            more => (4 + more).to_string(),
        };
        let mut child = bench.command(&["gc", "--keep", &keep, "--json"]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if moments.below(2) == 0 {
            sleep(Duration::from_millis(moments.below(120)));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        Counts::add(&counts.gcs, 1);
        if output.status.signal() == Some(9) {
            Counts::add(&counts.gcs_killed, 1);
            continue;
        }
        // Before the first run there is nothing.
        if told(&output).contains("nothing has run") {
            continue;
        }
        assert!(output.status.success(), "{}", told(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let swept = usize::try_from(report["blobs"].as_u64().unwrap()).unwrap();
        Counts::add(&counts.swept, swept);
    }
}

/// Reads everything again and again.
fn check(bench: &Bench, counts: &Counts) {
    while !counts.over() {
        if bench.file().exists() {
            let output = bench.output(&["journal", "--verify"]);
            // In its first moments the file has no tables yet.
            let text = told(&output);
            assert!(output.status.success() || text.contains("B0009"), "{text}");
            Counts::add(&counts.checks, 1);
        }
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn no_blob_that_is_needed_is_ever_missing() {
    let (bench, counts) = (Bench::new(), Counts::default());
    // Compiled once, so that no process dies while it only compiles.
    bench.chain(1, &[]);
    let began = Instant::now();
    thread::scope(|scope| {
        let (bench, counts) = (&bench, &counts);
        let mut threads: Vec<_> =
            (0..3).map(|number| scope.spawn(move || drive(bench, counts, number + 1))).collect();
        threads.push(scope.spawn(move || {
            while !counts.over() {
                revive(bench, counts);
                sleep(Duration::from_millis(200));
            }
        }));
        threads.push(scope.spawn(move || tidy(bench, counts)));
        threads.push(scope.spawn(move || check(bench, counts)));
        while !threads.iter().any(|thread| thread.is_finished())
            && (began.elapsed() < lasting() || !counts.enough())
            && began.elapsed() < 4 * lasting()
        {
            sleep(Duration::from_millis(50));
        }
        // Whoever panicked ends it for all.
        counts.over.store(true, Ordering::Relaxed);
    });
    until("every run has ended", || {
        revive(&bench, &counts);
        open(&bench).is_empty()
    });
    bench.verify();
    // Who builds upon a run while everything is removed may always come too late.
    builds_upon(&bench);
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(report["kept"], Value::Array(vec![]), "{report}");
    assert_eq!(bench.blobs(), 0, "what nothing names goes in the end: {report}");
    bench.verify();
    let get = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    eprintln!(
        "{} runs, {} killed, {} too late for the run they build upon, {} resumed, {} with reuse, {} forks, \
         {} follow-ups; {} gc, {} killed, {} blobs swept; {} checks",
        get(&counts.runs),
        get(&counts.runs_killed),
        get(&counts.gone),
        get(&counts.resumed),
        get(&counts.reused),
        get(&counts.forked),
        get(&counts.followed),
        get(&counts.gcs),
        get(&counts.gcs_killed),
        get(&counts.swept),
        get(&counts.checks),
    );
    assert!(counts.enough(), "too little happened");
}
