//! What `baton gc` removes, and what it leaves.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::{Bench, fails, told};

fn runs(bench: &Bench) -> BTreeSet<String> {
    let output = bench.output(&["ls", "--json", "--limit", "0"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let run = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["run"].as_str().unwrap().to_owned()
    };
    text.lines().map(run).collect()
}

#[test]
fn old_runs_go_and_those_that_can_go_on_stay() {
    let bench = Bench::new();
    let done: Vec<String> =
        (0..3).map(|_| bench.chain(2, &[])["run"].as_str().unwrap().to_owned()).collect();
    let half = bench.half(6, &[]);
    let blobs = bench.blobs();
    assert!(blobs > 0);

    // Without a rule nothing of a run goes.
    let nothing = bench.object(&["gc", "--json"]);
    assert_eq!(nothing["removed"], Value::Array(vec![]));
    assert_eq!(runs(&bench).len(), 4);

    let dry = bench.object(&["gc", "--keep", "1", "--dry-run", "--json"]);
    let named = |report: &Value| -> BTreeSet<String> {
        let removed = report["removed"].as_array().unwrap().iter();
        removed.map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    };
    let oldest: BTreeSet<String> = done[..2].iter().cloned().collect();
    assert_eq!(named(&dry), oldest);
    assert_eq!(dry["removed"][0]["reason"], "count");
    assert_eq!(runs(&bench).len(), 4, "a dry run removes nothing");

    // Settings say the same as flags.
    bench.write("person/.config/baton/config.toml", "[retention]\nmax_runs = 1\n");
    let report = bench.object(&["gc", "--json"]);
    assert_eq!(named(&report), oldest);
    assert_eq!(runs(&bench), [done[2].clone(), half.clone()].into());
    bench.verify();
    fails(&bench.output(&["show", &done[0]]), "B0009", 2);

    // Whatever the rule: what has not ended stays, and goes on.
    let report = bench.object(&["gc", "--keep", "0", "--older-than", "1ms", "--json"]);
    assert_eq!(named(&report), [done[2].clone()].into());
    assert_eq!(runs(&bench), [half.clone()].into());
    let resumed = bench.object(&["resume", &half, "--json"]);
    assert_eq!(resumed["state"], "done", "{resumed}");
    bench.verify();
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(named(&report), [half].into());
    assert_eq!((runs(&bench).len(), bench.blobs()), (0, 0));
    assert!(report["file"]["after"].as_u64() < report["file"]["before"].as_u64(), "{report}");
    bench.verify();
    // And everything begins anew.
    assert_eq!(bench.chain(1, &[])["state"], "done");
}

#[test]
fn a_run_that_another_reuses_stays_until_that_has_ended() {
    let bench = Bench::new();
    let first = bench.chain(3, &[])["run"].as_str().unwrap().to_owned();
    let second = bench.half(9, &["--reuse", &first]);
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(report["kept"][0]["run"], first.as_str(), "{report}");
    assert!(report["kept"][0]["reason"].as_str().unwrap().contains(&second), "{report}");
    let resumed = bench.object(&["resume", &second, "--json"]);
    assert_eq!(resumed["state"], "done", "{resumed}");
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(report["removed"].as_array().unwrap().len(), 2, "{report}");
    bench.verify();
}

#[test]
fn a_batch_goes_as_a_whole() {
    let bench = Bench::new();
    bench.write("inputs.jsonl", "1\n1\n2\n");
    let worker = bench.worker();
    let each = ["run", "chain.js", "--each", "inputs.jsonl", "--agent", &worker, "--yes"];
    assert!(bench.output(&each).status.success());
    // Three are more than one, and they go together.
    let report = bench.object(&["gc", "--keep", "1", "--json"]);
    let removed = report["removed"].as_array().unwrap().len();
    assert_eq!((removed, report["batches"].as_array().unwrap().len()), (3, 1), "{report}");
    assert_eq!((runs(&bench).len(), bench.blobs()), (0, 0));
    bench.verify();
}

#[test]
fn that_a_person_started_it_is_forgotten_with_a_run() {
    let bench = Bench::new();
    let first = bench.chain(1, &[])["run"].as_str().unwrap().to_owned();
    let half = bench.half(5, &[]);
    let started = |run: &str| bench.read("person/.config/baton/started").contains(run);
    assert!(started(&first) && started(&half));
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(report["removed"][0]["run"], first.as_str(), "{report}");
    assert!(!started(&first) && started(&half));
    // That one goes on without a question.
    assert_eq!(bench.object(&["resume", &half, "--json"])["state"], "done");
}

#[test]
fn a_damaged_run_that_has_not_ended_goes_by_its_name() {
    let bench = Bench::new();
    let half = bench.half(5, &[]);
    let sound = bench.chain(1, &[])["run"].as_str().unwrap().to_owned();
    let harmed = bench
        .database()
        .execute(
            "UPDATE record SET crc = crc + 1
             WHERE seq = 2 AND run = (SELECT no FROM run WHERE id = ?1)",
            [&half],
        )
        .unwrap();
    assert_eq!(harmed, 1);
    fails(&bench.output(&["resume", &half]), "B0021", 1);
    let report = bench.object(&["gc", "--keep", "5", "--json"]);
    let kept = &report["kept"][0];
    assert_eq!(kept["run"], half.as_str(), "{report}");
    let way_out = format!("`baton gc --damaged {half}` removes it");
    assert!(kept["reason"].as_str().unwrap().contains(&way_out), "{report}");
    let text = fails(&bench.output(&["gc", "--damaged", &sound]), "B0001", 2);
    assert!(text.contains("is not damaged"), "{text}");
    for (flags, left) in [(&["-n"][..], 2), (&[], 1)] {
        let command = [&["gc", "--damaged", &half, "--json"], flags].concat();
        let report = bench.object(&command);
        let removed = &report["removed"];
        assert_eq!(removed.as_array().unwrap().len(), 1, "{report}");
        assert_eq!(
            (&removed[0]["run"], &removed[0]["reason"]),
            (&half.as_str().into(), &"damaged".into())
        );
        assert_eq!((&removed[0]["ended"], &report["kept"]), (&Value::Null, &Value::Array(vec![])));
        assert_eq!(runs(&bench).len(), left);
    }
    bench.verify();
    assert_eq!(bench.object(&["show", &sound, "--json"])["state"], "done");
}

#[test]
fn what_removed_runs_left_behind_goes_with_them() {
    let bench = Bench::new();
    let run = bench.chain(1, &[])["run"].as_str().unwrap().to_owned();
    bench.write(&format!("home/logs/{run}.log"), "told");
    bench.write("home/logs/run_00000000000000000000000000.log", "of nobody, but young");
    bench.write("home/logs/mine.txt", "mine");
    let report = bench.object(&["gc", "--keep", "0", "--dry-run", "--json"]);
    assert_eq!(report["logs"]["files"], 1, "{report}");
    let report = bench.object(&["gc", "--keep", "0", "--json"]);
    assert_eq!(report["logs"]["files"], 1, "{report}");
    let left: BTreeSet<String> = fs::read_dir(bench.path("home/logs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = ["mine.txt", "run_00000000000000000000000000.log"];
    assert_eq!(left, expected.map(ToOwned::to_owned).into());
}

#[test]
fn people_are_told_what_would_go() {
    let bench = Bench::new();
    let output = bench.output(&["gc"]);
    assert!(output.status.success() && told(&output).contains("nothing has run"), "{output:?}");
    bench.chain(1, &[]);
    let shown = |arguments: &[&str]| {
        let output = bench.output(arguments);
        assert!(output.status.success(), "{}", told(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = shown(&["gc"]);
    assert!(text.starts_with("0 runs removed\n") && text.contains("no rule says"), "{text}");
    let text = shown(&["gc", "--keep", "0", "-n"]);
    assert!(text.starts_with("1 run would be removed\n"), "{text}");
    assert!(text.contains("chain: only 0 runs that ended last stay"), "{text}");
    assert!(text.contains("records and blobs, and 0 B after that"), "{text}");
    assert_eq!(bench.output(&["gc", "--max-size", "5 gigs"]).status.code(), Some(2));
}

#[test]
fn one_at_a_time() {
    let bench = Bench::new();
    bench.chain(1, &[]);
    let lock = fs::File::create(bench.path("home/gc.lock")).unwrap();
    lock.lock().unwrap();
    let text = fails(&bench.output(&["gc", "--keep", "0"]), "B0065", 1);
    assert!(text.contains("another `baton gc` is at work here"), "{text}");
    // To look needs no lock.
    assert_eq!(bench.object(&["gc", "--keep", "0", "-n", "--json"])["dry_run"], true);
    drop(lock);
    assert_eq!(bench.object(&["gc", "--keep", "0", "--json"])["removed"][0]["reason"], "count");
}
