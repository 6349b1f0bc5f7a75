//! A provider that serves nobody for now: nothing further starts, what is at work ends, the run pauses
//! and goes on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use baton_test_llm::{Api, Fault, Refusal, Reply, Seen};
use baton_test_support::{signal, until};
use serde_json::Value;

use crate::support::{Place, places, tasks};

/// Agents of a run.
const AGENTS: usize = 200;
/// Requests that are served before the quota is used up.
const SERVED: usize = 32;
/// Agents at work at once where nobody says otherwise.
const AT_ONCE: usize = 16;

/// A provider whose quota is used up after some requests, until somebody says otherwise.
fn used_up(reset: Option<&'static str>) -> (Place, Arc<AtomicBool>) {
    let over = Arc::new(AtomicBool::new(false));
    let served = AtomicUsize::new(0);
    let until = Arc::clone(&over);
    let place = Place::new(move |seen: &Seen| {
        if !until.load(Ordering::SeqCst) && served.fetch_add(1, Ordering::SeqCst) >= SERVED {
            let refused = Reply::default().with(Fault::Refuses(Refusal::SpendCap));
            return match reset {
                Some(seconds) => refused.header("retry-after", seconds),
                None => refused,
            };
        }
        Reply::text(format!("done: {}", seen.by("user")))
    });
    (place, over)
}

/// What must hold of the journal of a run that met an outage once: no start between the first attempt
/// that met it and the pause.
fn nothing_started_after(journal: &[Value]) {
    let deferred = places(journal, "deferred");
    let paused = places(journal, "paused");
    let (first, paused) = (*deferred.first().unwrap(), *paused.first().unwrap());
    assert!(first < paused);
    assert_eq!(tasks(&journal[first..paused], "started"), Vec::<String>::new());
    let started: BTreeSet<String> = tasks(&journal[..paused], "started").into_iter().collect();
    assert!(started.len() <= SERVED + AT_ONCE, "{} started", started.len());
    // Whoever was at work ended, one way or the other.
    let mut ended: BTreeSet<String> = tasks(&journal[..paused], "completed").into_iter().collect();
    ended.extend(tasks(&journal[..paused], "deferred"));
    assert_eq!(started, ended);
}

/// Every agent was served exactly once, and its result is the workflow's.
fn all_served_once(place: &Place, result: &Value) {
    assert_eq!(result["state"], "done", "{result}");
    let output = result["output"].as_array().unwrap();
    assert_eq!(output.len(), AGENTS);
    for (number, said) in output.iter().enumerate() {
        let said = said.as_str().unwrap();
        assert!(said.contains(&format!("Task {number}.")), "{number}: {said}");
    }
    let run = result["run"].as_str().unwrap();
    let journal = place.project.journal(run);
    let completed = tasks(&journal, "completed");
    let once: BTreeSet<&String> = completed.iter().collect();
    assert_eq!((completed.len(), once.len()), (AGENTS, AGENTS));
    let refused = places(&journal, "deferred").len();
    assert_eq!(place.server.requests(), AGENTS + refused, "nobody was asked twice");
    assert_eq!(place.server.fired("refuses"), refused);
}

#[test]
fn a_quota_that_is_used_up_pauses_the_run_and_a_person_goes_on() {
    let (place, over) = used_up(None);
    let (result, code) = place.many(AGENTS, &["--no-continue"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert_eq!(result["output"], Value::Null);
    let run = result["run"].as_str().unwrap().to_owned();
    nothing_started_after(&place.project.journal(&run));
    // Asked while it is still used up: one tries, and finds it so.
    let before = place.server.requests();
    let (result, code) = place.object(&["resume", &run, "--json", "--no-continue"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert_eq!(place.server.requests(), before + 1, "one tries for all");
    over.store(true, Ordering::SeqCst);
    let (result, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!(code, 0);
    all_served_once(&place, &result);
}

#[test]
fn at_the_reset_the_run_goes_on_by_itself() {
    let (place, over) = used_up(Some("2"));
    let output = place
        .command(&[
            "run",
            "many.js",
            "--args-json",
            "200",
            "--agent",
            "openai-chat:gpt-4.1-mini",
            "--yes",
            "--json",
        ])
        .env("OPENAI_BASE_URL", place.server.base_url(Api::OpenaiChat))
        .env("OPENAI_API_KEY", "another-key-of-the-tests")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // It is over soon after the run met it, and before the run asks again.
    until("the run meets it", || place.server.fired("refuses") > 0);
    over.store(true, Ordering::SeqCst);
    let output = output.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{result}");
    all_served_once(&place, &result);
    let journal = place.project.journal(result["run"].as_str().unwrap());
    nothing_started_after(&journal);
    let (paused, resumed) = (places(&journal, "paused"), places(&journal, "resumed"));
    assert_eq!((paused.len(), resumed.len()), (1, 1));
    // One tries before the others follow.
    let first = &journal[resumed[0]..];
    let served = places(first, "turned")[0];
    assert_eq!(tasks(&first[..served], "started").len(), 1);
}

#[test]
fn a_key_that_was_revoked_is_no_failure_of_the_tasks() {
    let revoked = Arc::new(AtomicBool::new(true));
    let now = Arc::clone(&revoked);
    let place = Place::new(move |seen: &Seen| {
        if seen.number > 4 && now.load(Ordering::SeqCst) {
            return Reply::default().with(Fault::Refuses(Refusal::Auth));
        }
        Reply::text("done")
    });
    let (result, code) = place.many(7, &["--concurrency", "2"]);
    assert_eq!((result["state"].as_str(), code), (Some("paused"), 4), "{result}");
    assert_eq!(result["pause"]["outage"], "auth", "{result}");
    let run = result["run"].as_str().unwrap().to_owned();
    let done = tasks(&place.project.journal(&run), "completed").len();
    assert_eq!(done, 4);
    revoked.store(false, Ordering::SeqCst);
    let (result, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!((result["state"].as_str(), code), (Some("done"), 0), "{result}");
    assert!(place.asked().values().all(|times| *times <= 2));
}

#[test]
fn other_providers_go_on_while_one_serves_nobody() {
    let place = Place::new(|seen: &Seen| match seen.model.as_str() {
        "claude-haiku-4-5" => Reply::default().with(Fault::Refuses(Refusal::SpendCap)),
        _ => Reply::text("done"),
    });
    place.project.write(
        "two.js",
        "export const meta = { name: 'two', description: 'Two providers.' }
return await parallel([
  () => agent('first', { model: 'anthropic:claude-haiku-4-5' }),
  ...Array.from({ length: 5 }, (_, i) => () => agent(`other ${i}`, { model: 'openai-chat:gpt-4.1-mini' })),
])
",
    );
    place.project.write("baton.toml", "[agents]\ndefault = \"anthropic\"\n");
    let base = place.server.base_url(Api::OpenaiChat);
    let output = place
        .command(&["run", "two.js", "--yes", "--json", "--no-continue"])
        .env("OPENAI_BASE_URL", base)
        .env("OPENAI_API_KEY", "another-key-of-the-tests")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let journal = place.project.journal(result["run"].as_str().unwrap());
    assert_eq!(tasks(&journal, "completed").len(), 5);
    assert_eq!(tasks(&journal, "deferred").len(), 1);
}

#[test]
fn a_run_that_waits_for_its_provider_ends_at_the_first_interrupt() {
    let place = Place::new(|_: &Seen| {
        Reply::default().with(Fault::Refuses(Refusal::RateLimited)).header("retry-after", "900")
    });
    let mut child = place
        .command(&["run", "many.js", "--args-json", "1", "--agent", crate::support::MODEL, "--yes"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let paused = || {
        let shown = place.output(&["ls", "--json"]).stdout;
        String::from_utf8_lossy(&shown).contains("\"state\":\"paused\"")
    };
    until("it waits for its provider", paused);
    signal("-INT", child.id());
    // It ends by itself; the harness would end a suite that hangs.
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let run = place.project.last_run();
    assert_eq!(tasks(&place.project.journal(&run), "deferred").len(), 1);
}

#[test]
fn waiting_for_a_provider_does_not_use_up_the_time_of_the_run() {
    let place = Place::new(|seen: &Seen| match seen.number {
        1 => Reply::default().with(Fault::Refuses(Refusal::SpendCap)).header("retry-after", "8"),
        _ => Reply::text("done"),
    });
    let output = place
        .command(&["run", "many.js", "--args-json", "1", "--agent", "openai-chat:gpt-4.1-mini"])
        .args(["--yes", "--json", "--timeout", "6s"])
        .env("OPENAI_BASE_URL", place.server.base_url(Api::OpenaiChat))
        .env("OPENAI_API_KEY", "another-key-of-the-tests")
        .output()
        .unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (result["state"].as_str(), output.status.code()),
        (Some("done"), Some(0)),
        "{result}"
    );
    assert_eq!(place.server.requests(), 2);
}
