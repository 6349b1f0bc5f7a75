//! A process that dies in the middle of conversations: nothing that was said is said again.

use std::time::{Duration, Instant};

use baton_test_llm::{Reply, Seen};
use serde_json::json;

use crate::support::{MODEL, Place, body, places};

/// How long a process has to do what it is about to do.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn conversations_go_on_after_kill_9_where_they_were() {
    // Three turns each; the third is slow, so that the process dies in it.
    let place = Place::new(|seen: &Seen| match seen.turns {
        turns @ 0..2 => Reply::call("read_file", json!({ "path": format!("{turns}.txt") })),
        _ => Reply::text(format!("done: {}", seen.by("user"))).slow(
            Duration::from_millis(if seen.number <= 24 { 30_000 } else { 0 }),
            Duration::ZERO,
        ),
    });
    for number in 0..2 {
        place.project.write(&format!("root/{number}.txt"), format!("file {number}"));
    }
    let arguments = [
        "run",
        "many.js",
        "--args-json",
        "8",
        "--agent",
        MODEL,
        "--root",
        "root",
        "--yes",
        "--json",
    ];
    let mut child = place.command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while place.server.requests() < 24 {
        assert!(begun.elapsed() < PATIENCE, "{} requests", place.server.requests());
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = place.project.last_run();
    let (result, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!((result["state"].as_str(), code), (Some("done"), 0), "{result}");
    assert_eq!(place.server.requests(), 24 + 8, "only the calls that were cut are made again");
    let journal = place.project.journal(&run);
    let estimated = journal
        .iter()
        .filter(|record| body(record).0 == "turned" && body(record).1["estimated"] == true)
        .count();
    assert_eq!(estimated, 8, "a call that nobody heard the end of is charged by estimate");
    assert_eq!(places(&journal, "turned").len(), 24 + 8);
    assert_eq!(result["usage"]["estimated_calls"], 8, "{result}");
    let output = place.project.output(&["journal", "--verify"]);
    assert!(output.status.success());
}
