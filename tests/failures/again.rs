//! What a run that reuses another performs again: what changed, failed or never ended (F01 to F17).

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use baton_test_llm::{Hold, Refusal, Seen};
use serde_json::{Value, json};

use crate::answers::{number, numbered, refused, serves_first};
use crate::isolation::repository;
use crate::place::{Ended, Place, body, kill_9, places, prompts, tasks, until};

#[test]
fn f01_pipeline_of_102_calls_repeats_the_two_that_failed() {
    let mended = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&mended);
    let place = Place::new(move |seen: &Seen| match number(seen) {
        3 | 77 if !now.load(Ordering::SeqCst) => refused(Refusal::Invalid),
        _ => numbered(seen),
    });
    let body =
        "return await pipeline(Array.from({ length: 102 }, (_, i) => i), i => agent(`Task ${i}.`))";
    let first = place.object(&place.flow(body, &[]));
    first.done();
    assert_eq!((place.server.requests(), place.server.fired("refuses")), (102, 2));
    assert_eq!(first.shown["failed_tasks"], 2);
    assert_eq!((&first.list()[3], &first.list()[77]), (&Value::Null, &Value::Null));

    mended.store(true, Ordering::SeqCst);
    let second = place.object(&place.flow(body, &["--reuse", "last"]));
    second.done();
    assert_eq!(place.asked_after(102), prompts([3, 77]), "2 live");
    assert_eq!(
        (&second.shown["reused"], &second.shown["usage"]["agents"]),
        (&json!(100), &json!(2))
    );
    for (place, answer) in second.list().iter().enumerate() {
        let failed = place == 3 || place == 77;
        assert_eq!(answer == &first.list()[place], !failed, "{place}: {answer}");
        assert!(answer.is_string(), "{place}");
    }
}

#[test]
fn f02_another_order_of_starts_and_ends_repeats_nothing() {
    // Whoever starts later ends earlier, and in the second sitting the other way round.
    let place = Place::new(|seen: &Seen| {
        let turn = u64::try_from(number(seen)).unwrap() * 7 % 20;
        let delay = if seen.number <= 40 { 2 * (20 - turn) } else { 2 * turn };
        numbered(seen).slow(Duration::from_millis(delay), Duration::ZERO)
    });
    let fan_outs = |order: &str| {
        format!(
            "const numbers = (from) => Array.from({{ length: 20 }}, (_, i) => from + i)
const fan = (from, turn) => parallel(numbers(from).map((_, i, all) => all[turn(i)]).map((n) => () => agent(`Task ${{n}}.`)))
const sorted = (texts) => texts.flat().sort()
{order}"
        )
    };
    let forth = fan_outs(
        "const [a, b] = [fan(0, i => i), fan(20, i => i)]\nreturn sorted(await Promise.all([a, b]))",
    );
    let back = fan_outs(
        "const [b, a] = [fan(20, i => 19 - i), fan(0, i => i * 7 % 20)]\nreturn sorted(await Promise.all([a, b]))",
    );
    let first = place.object(&place.flow(&forth, &["--concurrency", "40"]));
    first.done();
    let order = tasks(&place.project.journal(&first.run()), "completed");
    assert_ne!(order, sorted(&order), "they ended in another order than they began");
    let second = place.object(&place.flow(&back, &["--reuse", "last", "--concurrency", "3"]));
    second.done();
    assert_eq!((place.server.requests(), &second.shown["reused"]), (40, &json!(40)), "0 live");
    assert_eq!(second.list(), first.list());
    let starts = |run: &str| -> Vec<Value> {
        place.tasks(run).iter().map(|task| task["label"].clone()).collect()
    };
    assert_ne!(starts(&first.run()), starts(&second.run()), "they began in another order");
}

fn sorted(texts: &[String]) -> Vec<String> {
    let mut sorted = texts.to_vec();
    sorted.sort_by_key(|text| text.trim_matches('"').parse::<u64>().unwrap());
    sorted
}

#[test]
fn f09_one_of_34_is_live_and_journals_of_earlier_formats_hit() {
    let mended = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&mended);
    let place = Place::new(move |seen: &Seen| match number(seen) {
        20 if !now.load(Ordering::SeqCst) => refused(Refusal::TooLarge),
        _ => numbered(seen),
    });
    place.many(34, &[]).done();
    assert_eq!((place.server.requests(), place.server.fired("refuses")), (34, 1));
    // The second run still fails, the third finds everything else, wherever it came from.
    let second = place.many(34, &["--reuse", "last"]);
    assert_eq!((place.server.requests(), &second.shown["reused"]), (35, &json!(33)));
    mended.store(true, Ordering::SeqCst);
    let third = place.many(34, &["--reuse", "last"]);
    third.done();
    assert_eq!(
        (place.asked_after(35), &third.shown["reused"]),
        (prompts([20]), &json!(33)),
        "1 live"
    );
    assert_eq!(third.shown["failed_tasks"], 0);

    for version in ["v0.1.0", "v0.1.1"] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(version);
        let place = Place::of_programs();
        fs::create_dir(place.project.path("home")).unwrap();
        for (from, to) in [("home/journal.db", "home/journal.db"), ("hello.wasm", "hello.wasm")] {
            fs::copy(golden.join(from), place.project.path(to)).unwrap();
        }
        fs::copy(place.project.path("worker.sh"), place.project.path("golden-worker")).unwrap();
        let rows = place.project.lines(&["ls", "--json"]);
        let old = rows.iter().find(|row| row["state"] == "paused").unwrap();
        let old = old["run"].as_str().unwrap();
        let done = place.count(old, "done");
        assert!(done > 0, "{version}");
        let arguments = [
            "run",
            "./hello.wasm",
            "--input",
            r#"{"names":["d","c","b","a"]}"#,
            "--agent",
            "command:golden-worker",
            "--yes",
            "--json",
            "--reuse",
            old,
        ];
        let path = format!("{}:/usr/bin:/bin", place.project.path("").display());
        let output = place.command(&arguments).env("PATH", path).output().unwrap();
        let again = Ended::new(&arguments, &output);
        again.done();
        assert_eq!(again.shown["reused"], done, "{version}: {}", again.shown);
        assert_eq!(place.calls().len(), 4 - done, "{version}");
    }
}

#[test]
fn f10_live_is_what_was_edited_or_unfinished() {
    // Four end, twelve are at work when the host dies.
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| {
        let reply = numbered(seen);
        if seen.number <= 16 && number(seen) % 4 != 1 { reply.held(&late) } else { reply }
    });
    let ask = |edited: &[usize]| {
        let prompts: Vec<String> = (0..16)
            .map(|number| {
                if edited.contains(&number) {
                    format!("Task {number}, edited.")
                } else {
                    format!("Task {number}.")
                }
            })
            .collect();
        format!("return await parallel({}.map((prompt) => () => agent(prompt)))", json!(prompts))
    };
    let child = place.spawn(&place.flow(&ask(&[]), &[]));
    until("sixteen agents", || place.server.requests() == 16);
    let run = place.newest();
    until("four results", || place.count(&run, "done") == 4);
    kill_9(child);
    let edited = [0, 2, 3, 4, 6];
    let second = place.object(&place.flow(&ask(&edited), &["--reuse", &run]));
    second.done();
    let unfinished = (0..16).filter(|number| number % 4 != 1 && !edited.contains(number));
    let mut expected: Vec<String> =
        edited.iter().map(|number| format!("Task {number}, edited.")).collect();
    expected.extend(prompts(unfinished));
    expected.sort();
    assert_eq!((place.asked_after(16), expected.len()), (expected, 12), "nothing else is live");
    assert_eq!(second.shown["reused"], 4);
}

#[test]
fn f11_a_finished_agent_in_a_worktree_is_reused_without_a_second_effect() {
    let place = Place::of_programs();
    repository(&place);
    let flow = |other: &str| {
        format!(
            "const worktree = {{ isolation: 'worktree' }}
return await parallel([() => agent('open a pull request', worktree), () => agent('{other}')])"
        )
    };
    let first = place.object(&place.work(&flow("fail once"), &["--root", "root"]));
    first.done();
    assert_eq!(first.shown["failed_tasks"], 1);
    let opened = || place.calls().iter().filter(|call| *call == "open a pull request").count();
    assert_eq!(opened(), 1);
    let second =
        place.object(&place.work(&flow("try another way"), &["--root", "root", "--reuse", "last"]));
    second.done();
    assert_eq!((opened(), &second.shown["reused"]), (1, &json!(1)), "no second effect");
    assert_eq!(place.calls().last().unwrap(), "try another way");
    assert_eq!(second.list()[0], first.list()[0]);
}

#[test]
fn f17_args_come_from_the_run_and_equal_prompts_hit() {
    let (place, hold) = serves_first(2);
    let flow = "const { topic, parts } = args
return await parallel(parts.map((part, i) => () => agent(`Task ${i} about ${topic}: ${part}.`)))";
    let child =
        place.spawn(&place.flow(flow, &["--input", r#"{"topic":"x","parts":["a","b","c"]}"#]));
    until("two results", || place.server.requests() == 3 && place.server.answered() == 2);
    let run = place.newest();
    until("two on record", || place.count(&run, "done") == 2);
    kill_9(child);
    hold.release();
    // Nobody has to type them again.
    place.resume(&run, &[]).done();
    assert_eq!(place.server.requests(), 4, "1 live");
    // Who types them again, a little differently, meets the same prompts.
    let retyped = "{ \"parts\" : [\"a\",\n \"b\", \"c\"], \"hurry\": true, \"topic\": \"x\" }";
    let again = place.object(&place.flow(flow, &["--input", retyped, "--reuse", &run]));
    again.done();
    assert_eq!((place.server.requests(), &again.shown["reused"]), (4, &json!(3)), "0 live");
    // Other args at a resume are refused, not quietly another run.
    let (_, told, exit) =
        place.text(&["resume", &run, "--input", r#"{"topic":"y","parts":["a"]}"#]);
    assert_eq!(exit, 2, "{told}");
    let journal = place.project.journal(&again.run());
    assert!(
        places(&journal, "started").is_empty(),
        "{:?}",
        journal.iter().map(body).collect::<Vec<_>>()
    );
}
