//! What a resume performs again, and that what was finished is never lost (F03 to F15).

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use baton_test_llm::{Fault, Hold, Refusal, Reply, Seen};
use serde_json::{Value, json};

use crate::answers::{number, numbered, refused, serves_first};
use crate::place::{Ended, MODEL, Place, ended, kill_9, stop, until};

#[test]
fn f03_a_revoked_token_pauses_and_the_finished_values_stay() {
    for (at_once, refusals) in [("1", 1), ("7", 4)] {
        let served = AtomicUsize::new(0);
        let place = Place::new(move |seen: &Seen| {
            let old = seen.header("x-api-key") == Some("key-of-the-tests");
            if old && served.fetch_add(1, Ordering::SeqCst) >= 3 {
                return refused(Refusal::Auth);
            }
            numbered(seen)
        });
        let first = place.many(7, &["--concurrency", at_once]);
        assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
        assert_eq!(first.shown["pause"]["outage"], "auth", "{}", first.shown);
        let asked = 3 + refusals;
        assert_eq!((place.server.requests(), place.server.fired("refuses")), (asked, refusals));
        let run = first.run();
        let known: Vec<Value> =
            place.tasks(&run).into_iter().filter(|task| task["state"] == "done").collect();
        assert_eq!(known.len(), 3);
        let value = |task: &Value| {
            place.project.object(&["show", task["task"].as_str().unwrap(), "--json"])["result"]["done"]["output"].clone()
        };
        let values: Vec<Value> = known.iter().map(value).collect();

        let arguments = ["resume", &run, "--json"];
        let output =
            place.command(&arguments).env("ANTHROPIC_API_KEY", "a-new-key-of-the-tests").output();
        let second = Ended::new(&arguments, &output.unwrap());
        second.done();
        assert_eq!(place.server.requests(), asked + 4, "4 live");
        assert_eq!(second.list().len(), 7);
        assert!(values.iter().all(|value| second.list().contains(value)), "{values:?}");
        assert_eq!(known.iter().map(value).collect::<Vec<_>>(), values, "the 3 are unchanged");
    }
}

#[test]
fn f04_three_re_executions_leave_one_live_attempt_per_unfinished_call() {
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| match number(seen) {
        0..5 => numbered(seen),
        _ => numbered(seen).held(&late),
    });
    let at_work = |sitting: usize| {
        until("five results and two at work", || {
            place.server.requests() == 5 + 2 * sitting && place.server.now() == 2
        });
    };
    let child =
        place.spawn(&["run", "many.js", "--args-json", "7", "--agent", MODEL, "--yes", "--json"]);
    at_work(1);
    let run = place.newest();
    until("five results on record", || place.count(&run, "done") == 5);
    kill_9(child);
    for sitting in 2..=3 {
        until("nobody asks any more", || place.server.now() == 0);
        let child = place.spawn(&["resume", &run, "--json"]);
        at_work(sitting);
        kill_9(child);
    }
    // Stopped by hand, and gone on with.
    until("nobody asks any more", || place.server.now() == 0);
    let child = place.spawn(&["resume", &run, "--json"]);
    at_work(4);
    let stopped = stop(child);
    assert_eq!(stopped.exit, 130, "{}", stopped.shown);
    until("nobody asks any more", || place.server.now() == 0);
    hold.release();
    let last = place.resume(&run, &[]);
    last.done();
    assert_eq!(place.server.requests(), 5 + 2 * 5, "on each resume 2 live");
    let asked = place.asked();
    for number in 0..7 {
        let times = asked[&format!("Task {number}.")];
        assert_eq!(times, if number < 5 { 1 } else { 5 }, "{number}");
    }
}

#[test]
fn f05_the_count_of_finished_calls_never_falls() {
    let over = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&over);
    let (after, hold) = (AtomicUsize::new(0), Hold::default());
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| match (seen.number, now.load(Ordering::SeqCst)) {
        (0..=70, _) => numbered(seen),
        (_, false) => refused(Refusal::SpendCap),
        // Ten more, and the others when they are let.
        (_, true) if after.fetch_add(1, Ordering::SeqCst) < 10 => numbered(seen),
        (_, true) => numbered(seen).held(&late),
    });
    let first = place.many(90, &["--no-continue"]);
    assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
    let run = first.run();
    assert_eq!(place.count(&run, "done"), 70);
    let before = place.server.requests();
    over.store(true, Ordering::SeqCst);
    let mut child = place.spawn(&["resume", &run, "--json"]);
    let mut counts = vec![70];
    until("ten more are done", || {
        counts.push(place.count(&run, "done"));
        counts.last() == Some(&80)
    });
    hold.release();
    while child.try_wait().unwrap().is_none() {
        counts.push(place.count(&run, "done"));
    }
    ended(child).done();
    counts.push(place.count(&run, "done"));
    assert!(counts.is_sorted(), "it fell: {counts:?}");
    assert_eq!(counts.last(), Some(&90));
    assert_eq!(place.server.requests() - before, 20, "20 live");
    assert!(place.server.fired("refuses") > 0);
}

#[test]
fn f06_what_finished_before_a_stop_by_hand_is_kept() {
    const START: [&str; 7] = ["run", "many.js", "--args-json", "59", "--agent", MODEL, "--yes"];
    for by_hand in ["interrupt", "cancel"] {
        let (place, hold) = serves_first(31);
        let child = place.spawn(&[&START[..], &["--json"]].concat());
        until("31 results", || place.server.requests() == 47 && place.server.answered() == 31);
        let run = place.newest();
        until("31 on record", || place.count(&run, "done") == 31);
        let (more, exit): (&[&str], i32) = if by_hand == "interrupt" {
            (&["resume", &run, "--json"], 130)
        } else {
            assert_eq!(place.text(&["cancel", &run]).2, 0);
            (&[&START[..], &["--json", "--reuse", &run]].concat(), 1)
        };
        let stopped = if exit == 130 { stop(child) } else { ended(child) };
        assert_eq!(stopped.exit, exit, "{}", stopped.shown);
        hold.release();
        let last = place.object(more);
        last.done();
        let asked = place.asked_after(47);
        assert_eq!(asked.len(), 59 - 31, "{by_hand}: all that finished is kept");
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 59 - 31);
        assert_eq!(place.asked().values().filter(|times| **times == 1).count(), 31 + 12);
    }
}

#[test]
fn f07_phases_that_ended_before_a_pause_are_not_performed_again() {
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| {
        let reply = numbered(seen);
        if seen.by("user").starts_with("Phase 4") { reply.held(&late) } else { reply }
    });
    let flow = "const all = []
for (const number of [1, 2, 3, 4]) {
  phase(`Phase ${number}`)
  all.push(await parallel([1, 2, 3, 4, 5].map((i) => () => agent(`Phase ${number}, task ${i} after ${all.length}.`))))
}
return all";
    let child = place.spawn(&place.flow(flow, &[]));
    until("phase 4", || place.server.requests() == 20);
    let run = place.newest();
    let (_, told, exit) = place.text(&["pause", &run, "--now"]);
    assert_eq!(exit, 0, "{told}");
    let paused = ended(child);
    assert_eq!((paused.state(), paused.exit), ("paused", 5), "{}", paused.shown);
    hold.release();
    let last = place.resume(&run, &[]);
    last.done();
    let asked = place.asked_after(20);
    assert_eq!(asked.len(), 5);
    assert!(
        asked.iter().all(|prompt| prompt.starts_with("Phase 4")),
        "phases 1 to 3: 0 live: {asked:?}"
    );
}

#[test]
fn f08_an_agent_that_died_and_came_back_keeps_its_call() {
    // The first attempt at unit 3 dies with its connection.
    let place = Place::new(|seen: &Seen| {
        if number(seen) == 3 && seen.number <= 5 {
            return numbered(seen).with(Fault::Reset);
        }
        numbered(seen)
    });
    let flow = "const units = await parallel([0, 1, 2, 3, 4].map((i) => () => agent(`Task ${i}.`)))
const review = await agent('Review 5 units.')
return { units, review }";
    let first = place.object(&place.flow(flow, &[]));
    first.done();
    assert_eq!(place.server.fired("reset"), 1, "it died");
    assert_eq!(place.server.requests(), 7, "and was asked again");
    let run = first.run();
    let tasks = place.tasks(&run);
    assert_eq!(tasks.len(), 6, "as the same call");
    let second = place.object(&place.flow(flow, &["--reuse", &run]));
    second.done();
    assert_eq!((place.server.requests(), &second.shown["reused"]), (7, &json!(6)), "0 live");
    assert_eq!(second.shown["output"], first.shown["output"]);

    // The same where the process of an agent died together with its host.
    let place = Place::of_programs();
    let child =
        place.spawn(&place.work(
            "return [await agent('one'), await agent('hold two'), await agent('three')]",
            &[],
        ));
    until("the second agent", || place.calls() == ["one", "hold two"]);
    kill_9(child);
    place.project.write("gate", "");
    let last = place.resume("last", &[]);
    last.done();
    assert_eq!(place.calls(), ["one", "hold two", "hold two", "three"]);
    let again = place.object(&place.work(
        "return [await agent('one'), await agent('hold two'), await agent('three')]",
        &["--reuse", "last"],
    ));
    again.done();
    assert_eq!((place.calls().len(), &again.shown["reused"]), (4, &json!(3)), "0 live");
}

#[test]
fn f12_killed_attempts_go_on_with_their_conversation_and_lost_cost_is_shown() {
    // Fourteen agents of three answers. Two end; the limit meets twelve before their last answer.
    let over = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&over);
    let place = Place::new(move |seen: &Seen| match seen.turns {
        turns @ 0..2 => {
            Reply::call("read_file", json!({ "path": format!("{turns}.txt") })).usage(10_000, 100)
        }
        _ if number_of_first(seen) >= 2 && !now.load(Ordering::SeqCst) => {
            refused(Refusal::SpendCap)
        }
        _ => Reply::text("done").usage(12_000, 100),
    });
    place.project.write("root/0.txt", "zero");
    place.project.write("root/1.txt", "one");
    let first = place.many(14, &["--root", "root", "--no-continue"]);
    assert_eq!((first.state(), first.exit), ("paused", 4), "{}", first.shown);
    let run = first.run();
    assert_eq!(place.count(&run, "done"), 2);
    assert_eq!(place.server.fired("refuses"), 12);
    let before = place.server.requests();
    assert_eq!(before, 14 * 3);
    over.store(true, Ordering::SeqCst);
    place.resume(&run, &[]).done();
    let more: Vec<Seen> = place.server.log().split_off(before);
    assert_eq!(more.len(), 12, "one answer each was missing");
    assert!(
        more.iter().all(|seen| seen.turns == 2 && seen.results == 2),
        "none began from nothing"
    );

    // Killed in the middle of an answer: what nobody heard the end of is charged, and shown as lost.
    let place = Place::new(|seen: &Seen| match seen.number {
        1 => Reply::call("read_file", json!({ "path": "0.txt" })).usage(10_000, 100),
        2 => Reply::text("never").slow(Duration::from_secs(600), Duration::ZERO),
        _ => Reply::text("done").usage(12_000, 100),
    });
    place.project.write("root/0.txt", "zero");
    let child = place.spawn(&[
        "run",
        "many.js",
        "--args-json",
        "1",
        "--root",
        "root",
        "--agent",
        MODEL,
        "--yes",
        "--json",
    ]);
    until("the second answer", || place.server.requests() == 2);
    kill_9(child);
    let last = place.resume("last", &[]);
    last.done();
    assert_eq!((place.server.requests(), place.server.log()[2].turns), (3, 1), "it went on");
    assert_eq!(last.shown["usage"]["estimated_calls"], 1, "{}", last.shown);
    let estimated = &place.project.object(&["show", &last.run(), "--json"])["totals"]["estimated"];
    assert!(estimated["cost_usd"].as_f64().unwrap() > 0.0, "{estimated}");
    let (shown, ..) = place.text(&["show", &last.run()]);
    assert!(shown.contains("estimated in 1 call: "), "{shown}");
}

/// The number of the task of a longer conversation.
fn number_of_first(seen: &Seen) -> usize {
    let first = seen.said.iter().find(|said| said.role == "user").unwrap();
    let digits: String = first.text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn f13_another_process_resumes_an_aborted_run() {
    let (place, hold) = serves_first(3);
    let child =
        place.spawn(&["run", "many.js", "--args-json", "4", "--agent", MODEL, "--yes", "--json"]);
    until("three results", || place.server.requests() == 4 && place.server.answered() == 3);
    let run = place.newest();
    until("three on record", || place.count(&run, "done") == 3);
    kill_9(child);
    hold.release();
    let last = place.resume(&run, &[]);
    last.done();
    assert_eq!((place.server.requests(), last.list().len()), (5, 4), "1 live");
}

#[test]
fn f14_a_reclaimed_machine_loses_nothing_that_its_store_has() {
    let (place, hold) = serves_first(5);
    let child =
        place.spawn(&["run", "many.js", "--args-json", "9", "--agent", MODEL, "--yes", "--json"]);
    until("five results", || place.server.requests() == 9 && place.server.answered() == 5);
    let run = place.newest();
    until("five on record", || place.count(&run, "done") == 5);
    kill_9(child);
    // Another machine: nothing of the first one is there but the folder of the store.
    fs::create_dir_all(place.project.path("elsewhere/mounted")).unwrap();
    fs::rename(place.project.path("home"), place.project.path("elsewhere/mounted/store")).unwrap();
    fs::remove_file(place.project.path("many.js")).unwrap();
    hold.release();
    // Another person's store uses models there only where somebody says so.
    let arguments = ["--home", "mounted/store", "resume", &run, "--json", "--yes"];
    let mut command = place.command(&arguments);
    command.current_dir(place.project.path("elsewhere")).env_remove("BATON_HOME");
    command.env("HOME", place.project.path("elsewhere"));
    let last = Ended::new(&arguments, &command.output().unwrap());
    last.done();
    assert_eq!((place.server.requests(), last.list().len()), (13, 9), "4 live");
}

#[test]
fn f15_every_run_of_a_killed_runtime_is_shown_and_can_be_recovered() {
    let (place, hold) = serves_first(0);
    place.project.write("inputs.jsonl", "1\n".repeat(28));
    let child = place.spawn(&[
        "run",
        "many.js",
        "--each",
        "inputs.jsonl",
        "--agent",
        MODEL,
        "--yes",
        "--concurrency",
        "28",
    ]);
    until("28 runs at work", || place.server.now() == 28);
    let rows = place.project.lines(&["ls", "--json", "--limit", "0"]);
    assert!(rows.iter().all(|row| row["state"] == "running" && row["owned"] == true), "{rows:?}");
    kill_9(child);
    let rows = place.project.lines(&["ls", "--json", "--limit", "0"]);
    assert_eq!(rows.len(), 28);
    for row in &rows {
        assert_eq!((&row["state"], &row["owned"]), (&json!("running"), &json!(false)), "{row}");
        let (shown, ..) = place.text(&["show", row["run"].as_str().unwrap()]);
        assert!(shown.starts_with("‖ ") && shown.contains("interrupted"), "{shown}");
    }
    let (shown, ..) = place.text(&["ls", "--limit", "0"]);
    assert_eq!(shown.matches("‖ interrupted").count(), 28, "{shown}");
    hold.release();
    let one = rows[9]["run"].as_str().unwrap();
    place.resume(one, &[]).done();
    let batch = rows[0]["batch"]["id"].as_str().unwrap();
    let (_, told, exit) = place.text(&["resume", batch]);
    assert_eq!(exit, 0, "{told}");
    let rows = place.project.lines(&["ls", "--json", "--limit", "0"]);
    assert!(rows.len() == 28 && rows.iter().all(|row| row["state"] == "done"), "{rows:?}");
    assert_eq!(place.server.requests(), 56, "each once more");
}
