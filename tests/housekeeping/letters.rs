//! An owner that dies in the middle of a letter: what it asks for happens once.

use baton_test_support::{PATIENCE, alive, kill_9, until};
use rusqlite::{Connection, params};

use crate::support::Bench;

fn count(bench: &Bench, run: &str, kind: &str) -> usize {
    bench.journal(run).iter().filter(|record| record["kind"] == kind).count()
}

fn unmarked(journal: &Connection) -> i64 {
    journal.query_row("SELECT count(*) FROM inbox WHERE obeyed = 0", (), |row| row.get(0)).unwrap()
}

/// A run with an agent at work, its owner, and the process of the agent.
fn at_work(bench: &Bench) -> (std::process::Child, String, u32) {
    bench.write(
        "worker.sh",
        "#!/bin/sh\nhere=$(dirname \"$0\")\necho \"${BATON_TASK#*/}\" >> \"$here/calls\"\n\
         echo $$ > \"$here/pid.new\"\nmv \"$here/pid.new\" \"$here/pid\"\n\
         [ -e \"$here/go\" ] || sleep 600\nprintf '{\"output\":\"done\"}'\n",
    );
    let worker = bench.worker();
    let owner = bench.spawn(&["run", "chain.js", "--args-json", "2", "--agent", &worker, "--yes"]);
    bench.wait_for_calls(1);
    until("the worker says who it is", || bench.path("pid").exists());
    (owner, bench.last_run(), bench.read("pid").trim().parse().unwrap())
}

/// How often it is tried to hold the journal before the owner can.
const TRIES: usize = 20;

/// The owner has obeyed: the agent that it was to begin anew is gone. What it obeyed is not on record,
/// and the letter is not marked, because the journal is held by somebody else. There it dies.
#[test]
fn an_order_is_obeyed_once_by_an_owner_that_dies_between_its_effect_and_its_mark() {
    // Between the letter and the lock after it an owner that looks just then goes first.
    assert!((0..TRIES).any(|_| dies_between(&Bench::new())), "the owner always went first");
}

/// Whether the owner died where it was to; otherwise it had marked the letter.
fn dies_between(bench: &Bench) -> bool {
    let (owner, run, worker) = at_work(bench);
    let journal = bench.database();
    journal.busy_timeout(PATIENCE).unwrap();
    let no: i64 =
        journal.query_row("SELECT no FROM run WHERE id = ?1", [&run], |row| row.get(0)).unwrap();
    let now: i64 =
        journal.query_row("SELECT updated FROM run WHERE no = ?1", [no], |row| row.get(0)).unwrap();
    // Its owner looks for letters twenty times a second.
    journal.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal
        .execute(
            "INSERT INTO inbox (run, at, sender, control) VALUES (?1, ?2, 'ann', ?3)",
            params![no, now, r#"{"restart":{"task":"1","note":"anew, please"}}"#],
        )
        .unwrap();
    journal.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
    until("the letter is obeyed", || !alive(worker));
    let state = || (count(bench, &run, "restart-ordered"), unmarked(&journal));
    let before = state();
    kill_9(owner);
    journal.execute_batch("ROLLBACK").unwrap();
    assert_eq!(state(), before, "a dead owner does nothing");
    if before != (0, 1) {
        return false;
    }

    bench.write("go", "");
    assert_eq!(bench.object(&["resume", &run, "--json"])["state"], "done");
    assert_eq!(state(), (1, 0));
    assert_eq!(count(bench, &run, "messaged"), 1, "the note is said once");
    bench.verify();
    let replayed = bench.object(&["replay", &run, "--json"]);
    assert_eq!(replayed["same"], true, "{replayed}");
    true
}

/// The same just after: effect and mark are on record, and nobody who sent it was told.
#[test]
fn an_order_is_obeyed_once_by_an_owner_that_dies_after_its_mark() {
    for (order, more, kind) in
        [("send", &["hurry up"][..], "messaged"), ("cancel", &[], "cancel-ordered")]
    {
        let bench = Bench::new();
        let (owner, run, _) = at_work(&bench);
        let journal = bench.database();
        let task = format!("{run}/1");
        let send = bench.spawn(&[&[order, &task], more].concat());
        until("the letter is marked", || {
            let all = "SELECT count(*) FROM inbox WHERE obeyed = 1";
            journal.query_row(all, (), |row| row.get::<_, i64>(0)).unwrap() == 1
        });
        kill_9(owner);
        let sent = send.wait_with_output().unwrap();
        assert!(sent.status.success(), "{order}: {sent:?}");
        assert_eq!((count(&bench, &run, kind), unmarked(&journal)), (1, 0), "{order}");
        bench.write("go", "");
        assert_eq!(bench.object(&["resume", &run, "--json"])["state"], "done", "{order}");
        assert_eq!((count(&bench, &run, kind), unmarked(&journal)), (1, 0), "{order}");
        bench.verify();
    }
}
