//! A process that dies in the middle of conversations: nothing that was said is said again.

use baton_test_llm::{Hold, Reply, Seen};
use baton_test_support::{kill_9, until};
use serde_json::json;

use crate::support::{MODEL, Place, body, places};

#[test]
fn conversations_go_on_after_kill_9_where_they_were() {
    // Three turns each; in the third the process dies.
    let hold = Hold::default();
    let late = hold.clone();
    let place = Place::new(move |seen: &Seen| match seen.turns {
        turns @ 0..2 => Reply::call("read_file", json!({ "path": format!("{turns}.txt") })),
        _ => Reply::text(format!("done: {}", seen.by("user"))).held(&late),
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
    let child = place.command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
    until("all are asked the third time", || place.server.requests() == 24);
    kill_9(child);
    hold.release();
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
