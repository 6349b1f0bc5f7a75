//! How many agents are at work at once (F50 to F52).

use std::fs;
use std::path::Path;

use baton_test_llm::{Hold, Reply, Seen};
use serde_json::Value;

use crate::place::{MODEL, Place, ended, kill_9, tasks, until};

/// Every answer is kept back until it is released.
pub fn held() -> (Place, Hold) {
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| Reply::text(seen.by("user")).held(&late));
    (place, hold)
}

/// The records of the newest run when its owner has obeyed an order: what it would have started by itself
/// before that, it has.
fn settled(place: &Place) -> Vec<Value> {
    let run = place.newest();
    let (_, told, exit) = place.text(&["send", &run, "Is that all?"]);
    assert_eq!(exit, 0, "{told}");
    place.project.journal(&run)
}

/// How many of so many agents are at work at once with a cap; all of them end.
fn wave(agents: &str, more: &[&str], expected: usize) {
    let (place, hold) = held();
    wave_at(&place, &hold, agents, more, expected);
}

fn wave_at(place: &Place, hold: &Hold, agents: &str, more: &[&str], expected: usize) {
    let fixed = ["run", "many.js", "--args-json", agents, "--agent", MODEL, "--yes", "--json"];
    let child = place.spawn(&[&fixed[..], more].concat());
    until("a wave", || place.server.now() == expected);
    let journal = settled(place);
    assert_eq!(tasks(&journal, "spawned").len().to_string(), agents, "all are there");
    assert_eq!(tasks(&journal, "started").len(), expected, "one wave");
    assert_eq!(place.server.requests(), expected);
    hold.release();
    let last = ended(child);
    last.done();
    assert_eq!(last.list().len().to_string(), agents);
    assert!(place.server.most() <= expected, "never more than {expected}");
}

#[test]
fn f50_six_agents_with_a_cap_of_six_are_one_wave() {
    wave("6", &["--concurrency", "6"], 6);
}

#[test]
fn f51_the_cap_of_agents_at_work_can_be_set_and_its_default_is_documented() {
    // Whatever number of cores there is.
    wave("20", &[], 16);
    wave("20", &["--concurrency", "20"], 20);
    // That of one backend alone, as the settings say.
    let (place, hold) = held();
    place.project.write("baton.toml", format!("[concurrency]\n\"{MODEL}\" = 2\n"));
    wave_at(&place, &hold, "8", &[], 2);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/script/SCRIPTS.md");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("16 whatever the number of cores (`--concurrency`)"), "{page}");
    let place = Place::of_programs();
    let (help, ..) = place.text(&["run", "--help"]);
    let concurrency = help.split("--concurrency <N>").nth(1).unwrap();
    assert!(concurrency.lines().take(4).any(|line| line.contains("16")), "{concurrency}");
}

#[test]
fn f52_with_a_cap_of_three_never_more_than_three_agents_run() {
    wave("7", &["--concurrency", "3"], 3);
    // Also where a resume starts them, and where agents call for more of them in between.
    let (place, hold) = held();
    let start =
        ["run", "many.js", "--args-json", "7", "--agent", MODEL, "--yes", "--concurrency", "3"];
    let child = place.spawn(&start);
    until("three", || place.server.now() == 3);
    kill_9(child);
    until("none", || place.server.now() == 0);
    let child = place.spawn(&["resume", "last", "--json"]);
    until("three", || place.server.now() == 3);
    assert_eq!(tasks(&settled(&place), "started").len(), 3 + 3, "the same three again");
    hold.release();
    ended(child).done();
    assert_eq!(place.server.most(), 3, "never more than 3");
}
