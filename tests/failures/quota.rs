//! Quotas that are used up and errors of providers (F20 to F24).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use baton_test_llm::{Fault, Refusal, Reply, Seen};
use serde_json::{Value, json};

use crate::answers::refused;
use crate::place::{AT_ONCE, Ended, Place, body, ended, places, tasks};

/// Another provider of the same server: one whose quota has a reset time.
const OTHER: &str = "openai-chat:gpt-4.1-mini";

/// Serves so many requests whose prompt begins with a word, and then no more until the quota is over.
struct Quota {
    over: Arc<AtomicBool>,
    served: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Quota {
    fn new() -> Self {
        Self { over: Arc::default(), served: Arc::default() }
    }

    /// A provider with this quota for each of the words.
    fn place(&self, limits: &[(&str, usize)]) -> Place {
        let (over, served) = (Arc::clone(&self.over), Arc::clone(&self.served));
        let limits: BTreeMap<String, usize> =
            limits.iter().map(|(word, limit)| ((*word).to_owned(), *limit)).collect();
        Place::new(move |seen: &Seen| {
            let prompt = seen.by("user");
            let word = prompt.split(' ').next().unwrap().to_owned();
            let mut served = served.lock().unwrap();
            let served = served.entry(word.clone()).or_default();
            if *served >= limits[&word] && !over.load(Ordering::SeqCst) {
                return refused(Refusal::SpendCap).header("retry-after", "3000");
            }
            *served += 1;
            Reply::text(format!("done: {prompt}"))
        })
    }
}

/// Between the first attempt that met the quota and the pause nothing was started, and everything that was
/// at work has ended.
#[track_caller]
fn nothing_started_after_the_first_refusal(journal: &[Value], served: usize) {
    let (deferred, paused) = (places(journal, "deferred"), places(journal, "paused"));
    let (first, paused) = (*deferred.first().unwrap(), *paused.first().unwrap());
    assert!(first < paused);
    assert_eq!(tasks(&journal[first..paused], "started"), Vec::<String>::new(), "0 further starts");
    let started: BTreeSet<String> = tasks(&journal[..paused], "started").into_iter().collect();
    assert!(started.len() <= served + AT_ONCE, "{} started", started.len());
    let mut ended: BTreeSet<String> = tasks(&journal[..paused], "completed").into_iter().collect();
    ended.extend(tasks(&journal[..paused], "deferred"));
    assert_eq!(started, ended);
}

/// It is paused by the quota, and says until when.
#[track_caller]
fn paused_with_a_reset_time(ended: &Ended) {
    assert_eq!((ended.state(), ended.exit), ("paused", 4), "{}", ended.shown);
    let pause = &ended.shown["pause"];
    assert_eq!((&pause["reason"], &pause["outage"]), (&json!("provider"), &json!("quota")));
    assert!(pause["until"].is_string(), "{pause}");
    assert_eq!(ended.shown["output"], Value::Null);
}

#[test]
fn f20_two_runs_of_108_start_nothing_after_the_quota_and_finish_after_it() {
    let quota = Quota::new();
    let place = quota.place(&[("A", 34), ("B", 42)]);
    let flow = "return await parallel(Array.from({ length: 108 }, (_, i) => () => agent(`${args} ${i}.`)))";
    let start = |who: &'static str| {
        let mut arguments = place.flow(flow, &["--args", who, "--no-continue"]);
        arguments[3] = OTHER;
        place.spawn(&arguments)
    };
    let both = [start("A"), start("B")];
    let both = both.map(ended);
    for (paused, served) in both.iter().zip([34, 42]) {
        paused_with_a_reset_time(paused);
        let run = paused.run();
        nothing_started_after_the_first_refusal(&place.project.journal(&run), served);
        assert_eq!(place.count(&run, "done"), served);
        let row = place.row(&run);
        assert_eq!(
            (&row["state"], &row["pause"]["until"]),
            (&json!("paused"), &paused.shown["pause"]["until"])
        );
    }
    let (before, refusals) = (place.server.requests(), place.server.fired("refuses"));
    assert!(before == 34 + 42 + refusals && (2..=2 * AT_ONCE).contains(&refusals), "{refusals}");
    quota.over.store(true, Ordering::SeqCst);
    for (paused, served) in both.iter().zip([34, 42]) {
        let before = place.server.requests();
        let last = place.resume(&paused.run(), &[]);
        last.done();
        assert_eq!(last.shown["failed_tasks"], 0);
        let asked = place.asked_after(before);
        assert_eq!(asked.len(), 108 - served, "exactly the calls without a result");
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
        assert!(last.list().iter().all(Value::is_string));
    }
}

#[test]
fn f21_of_221_agents_29_are_served_and_no_more_start() {
    let quota = Quota::new();
    let place = quota.place(&[("Task", 29)]);
    let mut start =
        ["run", "many.js", "--args-json", "221", "--agent", OTHER, "--yes", "--json"].to_vec();
    start.push("--no-continue");
    let first = place.object(&start);
    paused_with_a_reset_time(&first);
    let run = first.run();
    nothing_started_after_the_first_refusal(&place.project.journal(&run), 29);
    let refusals = place.server.fired("refuses");
    assert!((1..=AT_ONCE).contains(&refusals), "{refusals} of those at work, not 189 more");
    assert_eq!(place.server.requests(), 29 + refusals);
    quota.over.store(true, Ordering::SeqCst);
    let last = place.resume(&run, &[]);
    last.done();
    assert_eq!(place.asked_after(29 + refusals).len(), 221 - 29);
    assert!(last.list().iter().all(Value::is_string));
}

#[test]
fn f22_of_334_agents_no_missing_vote_decides_a_finding() {
    let quota = Quota::new();
    // The findings, and the first thirty votes.
    let place = quota.place(&[("Find", 111), ("Vote", 30), ("Sum", 0)]);
    let flow = "const findings = await parallel(Array.from({ length: 111 }, (_, i) => () => agent(`Find ${i}.`)))
const verdicts = await pipeline(findings, async (finding, _, i) => {
  const votes = await parallel([0, 1].map((n) => () => agent(`Vote ${n} on ${i}.`)))
  log(`decided ${i}: ${votes.filter((vote) => vote === null).length} missing`)
  return votes.filter((vote) => vote?.startsWith('done')).length >= 2 ? 'confirmed' : 'refuted'
})
await agent('Sum up.')
return verdicts";
    let mut start = place.flow(flow, &["--no-continue"]);
    start[3] = OTHER;
    let first = place.object(&start);
    paused_with_a_reset_time(&first);
    let run = first.run();
    assert!(place.server.fired("refuses") > 0);
    let decided = || -> Vec<String> {
        let journal = place.project.journal(&run);
        let logged = journal.iter().map(|record| body(record).1.to_string());
        logged.filter(|text| text.contains("decided ")).collect()
    };
    let early = decided();
    assert!(early.len() <= 15, "at most as many as have two votes: {early:?}");
    assert!(early.iter().all(|text| text.contains(": 0 missing")), "{early:?}");
    quota.over.store(true, Ordering::SeqCst);
    let last = place.resume(&run, &[]);
    last.done();
    assert_eq!(place.tasks(&run).len(), 334);
    assert_eq!(last.shown["failed_tasks"], 0);
    assert!(
        last.list().len() == 111 && last.list().iter().all(|verdict| verdict == "confirmed"),
        "{}",
        last.shown
    );
    let all = decided();
    assert!(
        all.len() == 111 && all.iter().all(|text| text.contains(": 0 missing")),
        "no null reached the script"
    );
}

#[test]
fn f24_an_error_text_is_no_result_and_286_failures_are_counted() {
    let bad = |number: usize| !number.is_multiple_of(23);
    let place = Place::new(move |seen: &Seen| {
        let prompt = seen.by("user");
        let number: usize =
            prompt.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
        match number % 3 {
            _ if !bad(number) => Reply::text(format!("output {number}")),
            // Errors of a provider, and a page of something in between.
            0 => refused(Refusal::Invalid),
            1 => refused(Refusal::TooLarge),
            _ => Reply::default().with(Fault::Raw {
                status: 400,
                media_type: "text/html".into(),
                body: "<html>API Error: 400 something in between is wrong</html>".into(),
            }),
        }
    });
    let last = place.many(299, &[]);
    last.done();
    assert_eq!(place.server.requests(), 299);
    assert_eq!(place.server.fired("refuses") + place.server.fired("raw"), 286);
    assert_eq!(last.shown["failed_tasks"], 286);
    let outputs: Vec<&Value> = last.list().iter().filter(|value| !value.is_null()).collect();
    let expected: Vec<Value> = (0..299)
        .filter(|number| !bad(*number))
        .map(|number| json!(format!("output {number}")))
        .collect();
    assert_eq!(outputs, expected.iter().collect::<Vec<_>>(), "13 outputs, no error among them");
    let summary = last.shown["summary"].as_str().unwrap();
    assert!(summary.starts_with("299 agents: 13 ok, 286 null ("), "{summary}");
    let run = last.run();
    assert_eq!((place.count(&run, "done"), place.count(&run, "failed")), (13, 286));
    assert_eq!(place.row(&run)["failed_tasks"], 286);
    let (_, told, _) = place.text(&["resume", &run]);
    assert!(told.contains("286 tasks failed"), "{told}");
}

#[test]
fn f23_22_agents_have_22_end_records_and_the_run_is_degraded() {
    // Four finders and eighteen checkers, of which fifteen die.
    let place = Place::new(|seen: &Seen| match seen.by("user").as_str() {
        prompt if prompt.starts_with("Check well") => Reply::text(format!("done: {prompt}")),
        prompt if prompt.starts_with("Check") => refused(Refusal::Invalid),
        prompt => Reply::text(prompt.to_owned()),
    });
    let flow = "const found = await parallel([0, 1, 2, 3].map((i) => () => agent(`Find ${i}.`)))
const checks = await parallel(Array.from({ length: 18 }, (_, i) => () => agent(`Check ${i < 3 ? 'well' : 'badly'} ${i}.`)))
return [...found, ...checks].filter(Boolean).length";
    let first = place.object(&place.flow(flow, &["--strict"]));
    assert_eq!(first.shown["state"], "done", "{}", first.shown);
    assert_eq!(place.server.fired("refuses"), 15);
    assert_eq!((&first.shown["output"], &first.shown["failed_tasks"]), (&json!(7), &json!(15)));
    assert_eq!(
        (&first.shown["degraded"], first.exit),
        (&json!(true), 6),
        "an exit code of its own"
    );
    let journal = place.project.journal(&first.run());
    let ends: Vec<&Value> = journal
        .iter()
        .map(body)
        .filter(|(kind, _)| *kind == "completed")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(ends.len(), 22, "22 end records");
    let causes =
        ends.iter().filter(|end| end["outcome"]["failed"]["code"] == "bad-request").count();
    assert_eq!(causes, 15, "each with its cause: {}", ends.last().unwrap());
    let row = place.row(&first.run());
    assert_eq!(row["failed_tasks"], 15);
    // Who does not ask for it is told all the same.
    let (_, told, exit) = place.text(&["resume", &first.run()]);
    assert_eq!(exit, 0);
    assert!(told.contains("15 tasks failed"), "{told}");
    assert_eq!(place.text(&["resume", &first.run(), "--strict"]).2, 6);
}
