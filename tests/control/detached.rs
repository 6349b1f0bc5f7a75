//! What else goes on in the background: batches, recordings; and what may lie where it writes.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::{MODEL, Place, alive, signal, until};

/// The results in a log: lines of JSON among what people read.
fn results(log: &Value) -> Vec<Value> {
    let text = fs::read_to_string(log.as_str().unwrap()).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_batch_goes_on_in_the_background_is_killed_and_goes_on_again() {
    let place = Place::new();
    place.project.write("lines.jsonl", "1\n2\n");
    let arguments = ["run", "many.js", "--each", "lines.jsonl", "--agent", MODEL, "--yes"];
    let (begun, code) = place.object(&[&arguments[..], &["--detach", "--json"]].concat());
    assert_eq!(code, 0, "{begun}");
    let (batch, pid) = (begun["batch"].as_str().unwrap(), begun["pid"].as_u64().unwrap());
    assert!(batch.starts_with("batch_") && alive(pid), "{begun}");
    place.asked(3);
    // One process works on it.
    let (code, _, told) = place.said(&["resume", batch, "--detach"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("error[B0011]"), "{told}");
    signal("-9", pid);
    until("it is gone", || !alive(pid));
    place.hold.release();
    let (again, code) = place.object(&["resume", batch, "--detach", "--runs", "1", "--json"]);
    assert_eq!((code, &again["batch"]), (0, &json!(batch)), "{again}");
    let other = again["pid"].as_u64().unwrap();
    assert_ne!(other, pid);
    until("every line has a result", || results(&again["log"]).len() == 2);
    until("its process ends", || !alive(other));
    let mut lines: Vec<(u64, usize)> = results(&again["log"])
        .iter()
        .map(|one| {
            assert_eq!(one["state"], "done", "{one}");
            (one["line"].as_u64().unwrap(), one["output"].as_array().unwrap().len())
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [(1, 1), (2, 2)]);
    // What has ended is printed again, and nothing of it is done again.
    let requests = place.server.requests();
    let (code, shown, told) = place.said(&["resume", batch]);
    assert_eq!((code, shown.lines().count()), (0, 2), "{told}");
    assert_eq!(place.server.requests(), requests);
}

#[test]
fn a_run_in_the_background_can_be_recorded() {
    let place = Place::new();
    place.hold.release();
    let flow = ["run", "many.js", "--args-json", "2", "--yes", "--json"];
    let kept = ["--agent", MODEL, "--record", "kept", "--detach"];
    let (begun, code) = place.object(&[&flow[..], &kept].concat());
    assert_eq!(code, 0, "{begun}");
    let run = begun["run"].as_str().unwrap();
    let (first, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &first["state"]), (0, &json!("done")), "{first}");
    let pid = begun["pid"].as_u64().unwrap();
    until("its process ends", || !alive(pid));
    let requests = place.server.requests();
    let (again, code) = place.object(&[&flow[..], &["--agent", "recorded:kept"]].concat());
    assert_eq!((code, &again["output"]), (0, &first["output"]), "{again}");
    assert_eq!(place.server.requests(), requests, "it is answered from what was kept");
    // Why it cannot be is said at once, by whoever was asked.
    let none = ["run", "many.js", "--args-json", "2", "--yes", "--agent", "command:true"];
    let (code, _, told) = place.said(&[&none[..], &["--record", "other", "--detach"]].concat());
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("--record keeps exchanges with models"), "{told}");
}

#[test]
fn links_where_a_log_should_be_are_not_followed() {
    let place = Place::new();
    let arguments = ["run", "ask.js", "--extensions", "--yes", "--no-wait", "--json"];
    let (asked, code) = place.object(&arguments);
    assert_eq!(code, 5, "{asked}");
    let run = asked["run"].as_str().unwrap();
    place.project.write("mine", "keep");
    let logs = place.project.path("home/logs");
    fs::create_dir_all(&logs).unwrap();
    let log = logs.join(format!("{run}.log"));
    symlink(place.project.path("mine"), &log).unwrap();
    let (code, _, told) = place.said(&["resume", run, "--detach"]);
    assert_ne!(code, 0, "{told}");
    assert_eq!(place.project.read("mine"), "keep");
    fs::remove_dir_all(&logs).unwrap();
    fs::create_dir(place.project.path("elsewhere")).unwrap();
    symlink(place.project.path("elsewhere"), &logs).unwrap();
    let (code, _, told) = place.said(&["resume", run, "--detach"]);
    assert_ne!(code, 0, "{told}");
    assert_eq!(fs::read_dir(place.project.path("elsewhere")).unwrap().count(), 0);
}
