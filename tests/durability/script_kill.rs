//! `kill -9` at random moments of a script's run, resumed each time.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::kill::{Moments, completed, kills, seed};
use crate::support::Bench;

const AGENTS: usize = 100;
const CONCURRENCY: usize = 8;

/// A hundred agents in fan-outs of every form, a timer, a child, and a value that shows them all.
const SCRIPT: &str = r#"export const meta = { name: 'many', description: 'A hundred agents.' }
const first = await parallel(Array.from({ length: 40 }, (_, i) => () => agent(`a${i}`)))
phase('Second')
const second = await pipeline(Array.from({ length: 25 }, (_, i) => i),
  (i) => agent(`b${i}`), (text, i) => agent(`c${i} ${text}`))
await new Promise((resolve) => setTimeout(resolve, 10))
log(`${first.length + second.length} so far`)
const child = await workflow('few', { from: 0 })
return { first, second, child, spent: budget.spent() }
"#;

const CHILD: &str = r#"export const meta = { name: 'few', description: 'Ten agents, one after the other.' }
const all = []
for (let i = args.from; i < 10; i++) all.push(await agent(`d${i} after ${all.length}`))
return all
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    std::fs::write(bench.path("many.js"), SCRIPT).unwrap();
    std::fs::create_dir_all(bench.path(".baton/workflows")).unwrap();
    std::fs::write(bench.path(".baton/workflows/few.js"), CHILD).unwrap();
    bench
}

#[test]
#[allow(non_snake_case, reason = "the number of the behaviour as it is written")]
fn D155_a_killed_script_ends_with_the_same_value_and_pays_nothing_twice() {
    let concurrency = CONCURRENCY.to_string();
    let start = |worker: &str| {
        ["run", "many.js", "--agent", worker, "--yes", "--json", "--concurrency", &concurrency]
            .map(ToOwned::to_owned)
    };
    let undisturbed = bench();
    let quick = start(&undisturbed.echo("0"));
    let expected = undisturbed.json(&quick.each_ref().map(String::as_str));
    assert_eq!(expected["state"], "done", "{expected}");

    let bench = bench();
    // Long enough that the run is not over before it has been killed often enough.
    let worker = bench.echo(if kills() > 20 { "0.4" } else { "0.2" });
    let start = start(&worker);
    let mut moments = Moments::new(seed());
    let (mut fired, mut repeats_allowed) = (0, 0);
    let mut run: Option<String> = None;
    let mut report: Option<Value> = None;
    while report.is_none() {
        let before: BTreeSet<String> =
            run.as_ref().map(|run| completed(&bench, run)).unwrap_or_default();
        let starts_before = bench.starts();
        let mut child = match &run {
            None => bench.spawn(&start.each_ref().map(String::as_str)),
            Some(run) => bench.spawn(&["resume", run, "--json"]),
        };
        if fired < kills() {
            // Half of the kills hit a process with agents at work, the others any moment: while it
            // begins, or while it repeats what is recorded.
            if fired % 2 == 0 {
                while bench.starts() == starts_before && child.try_wait().unwrap().is_none() {
                    sleep(Duration::from_millis(2));
                }
            }
            sleep(moments.millis(300));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        if output.status.signal() == Some(9) {
            fired += 1;
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
    assert_eq!(report["output"], expected["output"]);
    let starts: usize = bench.starts().values().map(Vec::len).sum();
    assert!(starts >= AGENTS && starts <= AGENTS + repeats_allowed, "{starts} starts");
    assert!(fired * 3 >= kills() * 2, "only {fired} kills hit a living process");
    let verified = bench.run(&["journal", "--verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    eprintln!("kills {fired}, starts {starts} of {AGENTS} agents");
}
