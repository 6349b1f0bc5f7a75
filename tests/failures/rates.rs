//! Limits of providers that pass: nobody asks too soon, and no call is dropped (F25 to F27).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_test_llm::{Fault, Refusal, Reply, Seen};
use serde_json::{Value, json};

use crate::answers::refused;
use crate::place::{AT_ONCE, MODEL, Place};

/// When each prompt was asked, and whether it was refused then.
type Times = Arc<Mutex<BTreeMap<String, Vec<(Instant, bool)>>>>;

#[test]
fn f25_rate_limits_are_waited_out_as_the_provider_says() {
    // The first sixteen requests of 97 agents, whose answers have a schema.
    let times = Times::default();
    let noted = Arc::clone(&times);
    let place = Place::new(move |seen: &Seen| {
        let refuses = seen.number <= AT_ONCE;
        noted.lock().unwrap().entry(seen.by("user")).or_default().push((Instant::now(), refuses));
        if refuses {
            return refused(Refusal::RateLimited).header("retry-after", "1");
        }
        Reply::call("submit", json!({ "summary": "", "output": { "n": 1 } }))
    });
    let flow =
        "const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
return await parallel(Array.from({ length: 97 }, (_, i) => () => agent(`Task ${i}.`, { schema })))";
    let last = place.object(&place.flow(flow, &[]));
    last.done();
    assert!(last.list().len() == 97 && last.list().iter().all(|value| value["n"] == 1));
    assert_eq!((place.server.requests(), place.server.fired("refuses")), (97 + AT_ONCE, AT_ONCE));
    for (prompt, asked) in times.lock().unwrap().iter() {
        let refusals = asked.iter().filter(|(_, refused)| *refused).count();
        assert_eq!(asked.len(), refusals + 1, "{prompt}");
        for pair in asked.windows(2) {
            let waited = pair[1].0 - pair[0].0;
            assert!(
                waited >= Duration::from_millis(990),
                "{prompt}: inside the wait, after {waited:?}"
            );
        }
    }

    // Where the provider does not say, each pause is longer than the one before may be.
    let times = Times::default();
    let noted = Arc::clone(&times);
    let place = Place::new(move |seen: &Seen| {
        noted.lock().unwrap().entry(String::new()).or_default().push((Instant::now(), true));
        if seen.number < 3 { refused(Refusal::RateLimited) } else { Reply::text("done") }
    });
    place.many(1, &[]).done();
    let asked: Vec<Instant> = times.lock().unwrap()[""].iter().map(|(at, _)| *at).collect();
    assert_eq!(asked.len(), 3);
    let (first, second) = (asked[1] - asked[0], asked[2] - asked[1]);
    assert!(first >= Duration::from_millis(240), "{first:?}");
    assert!(second >= Duration::from_millis(490), "{second:?}");
}

#[test]
fn f26_a_temporary_limit_drops_no_call() {
    // Every second of sixty agents meets the limit once.
    let met: Mutex<BTreeSet<String>> = Mutex::default();
    let place = Place::new(move |seen: &Seen| {
        let prompt = seen.by("user");
        let even = prompt.trim_end_matches('.').ends_with(['0', '2', '4', '6', '8']);
        if even && met.lock().unwrap().insert(prompt.clone()) {
            return match prompt.len() % 2 {
                0 => refused(Refusal::Overloaded),
                _ => refused(Refusal::Unavailable),
            };
        }
        Reply::text(prompt)
    });
    let last = place.many(60, &[]);
    last.done();
    assert_eq!((place.server.fired("refuses"), place.server.requests()), (30, 90));
    assert_eq!(last.shown["failed_tasks"], 0);
    let expected: Vec<Value> = (0..60).map(|number| json!(format!("Task {number}."))).collect();
    assert_eq!(*last.list(), expected, "none dropped");
}

#[test]
fn f27_a_second_attempt_knows_of_the_first_and_retries_are_bounded() {
    let place = Place::new(|seen: &Seen| match (seen.turns, seen.number) {
        (0, _) => Reply::call(
            "write_file",
            json!({ "path": "made.txt", "text": "by the first attempt\n" }),
        ),
        (1, 2) => Reply::text("I was about to").with(Fault::Reset),
        _ => Reply::text("done"),
    });
    place.project.write("root/kept.txt", "");
    place.project.write(
        "writer.js",
        "export const meta = { name: 'writer', description: 'Writes.', baton: { write: ['**'] } }
return await agent('Make the file.')
",
    );
    let last = place.object(&[
        "run",
        "writer.js",
        "--agent",
        MODEL,
        "--root",
        "root",
        "--grant",
        "write=**",
        "--yes",
        "--json",
    ]);
    last.done();
    assert_eq!(place.server.fired("reset"), 1);
    let log = place.server.log();
    assert_eq!(log.len(), 3);
    assert_eq!((log[2].turns, log[2].results), (1, 1), "the second attempt is told what was done");
    assert!(log[2].prompt().contains("made.txt"), "{}", log[2].prompt());
    assert_eq!(place.project.read("root/made.txt"), "by the first attempt\n");

    // A provider that only ever sends nonsense is asked three times, and no more.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let place = Place::new(move |_: &Seen| {
        count.fetch_add(1, Ordering::SeqCst);
        Reply::default().with(Fault::Raw {
            status: 200,
            media_type: "text/html".into(),
            body: "<html>a page for people</html>".into(),
        })
    });
    let last = place.many(1, &[]);
    last.done();
    assert_eq!((asked.load(Ordering::SeqCst), &last.list()[0]), (3, &Value::Null));
    let task = &place.tasks(&last.run())[0];
    assert_eq!((&task["attempts"], &task["state"]), (&json!(3), &json!("failed")), "{task}");

    // A program is told which attempt it is, and what was wrong with the one before.
    let place = Place::of_programs();
    let flow = "try { return await agent('tell one', { schema: { type: 'object' } }) } catch (error) { return error.name }";
    let last = place.object(&place.work(flow, &["--schema-attempts", "3"]));
    last.done();
    assert_eq!(last.shown["output"], "WorkflowSchemaError");
    let attempts = place.project.read("attempts");
    let told: Vec<Value> = attempts
        .lines()
        .map(|line| {
            let process = line.split(' ').nth(1).unwrap();
            serde_json::from_str(&place.project.read(&format!("told-{process}"))).unwrap()
        })
        .collect();
    let numbers: Vec<&Value> = told.iter().map(|task| &task["attempt"]).collect();
    assert_eq!(numbers, [&json!(1), &json!(2), &json!(3)], "bounded");
    assert_eq!(told[0]["corrections"], json!([]));
    assert!(
        told[1..].iter().all(|task| !task["corrections"].as_array().unwrap().is_empty()),
        "{told:?}"
    );
}
