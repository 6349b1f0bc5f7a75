//! `kill -9` at random moments of a script's run, resumed each time.

use std::thread::sleep;

use baton_test_support::{kill_9, until};

use crate::kill::{Moments, completed, goes_on, kills, nothing_repeated, seed};
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
    // Slow enough that the kills meet many moments of the run, which does not end before the last of them.
    let worker = bench.echo(if kills() > 20 { "0.4" } else { "0.2" });
    bench.answer_only(AGENTS - 2 * CONCURRENCY);
    let start = start(&worker);
    let mut moments = Moments::new(seed());
    let mut run: Option<String> = None;
    for kill in 0..kills() {
        let before = run.as_ref().map(|run| completed(&bench, run)).unwrap_or_default();
        let starts_before = bench.starts();
        let child = match &run {
            None => bench.spawn(&start.each_ref().map(String::as_str)),
            Some(run) => bench.spawn(&["resume", run, "--json"]),
        };
        // Half of the kills hit a process with agents at work, the others any moment: while it begins, or
        // while it repeats what is recorded.
        if kill % 2 == 0 {
            until("an agent is started", || bench.starts() != starts_before);
        }
        sleep(moments.millis(300));
        kill_9(child);
        nothing_repeated(&bench, &before, &starts_before);
        run = run.or_else(|| bench.only_run());
    }
    let (report, starts) = goes_on(&bench, &run.unwrap(), AGENTS, CONCURRENCY);
    assert_eq!(report["output"], expected["output"], "{report}");
    eprintln!("kills {}, starts {starts} of {AGENTS} agents", kills());
}
