//! Hooks: who is told, of what, and that nothing of a run depends on them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use baton_test_support::PATIENCE;
use serde_json::{Value, json};

use crate::support::Place;

/// The person's settings.
const PERSON: &str = "person/.config/baton/config.toml";

/// A program that keeps what it is told, and with what environment.
fn listener(place: &Place) {
    let script =
        "#!/bin/sh\ncat >> \"$(dirname \"$0\")/told\"\nenv > \"$(dirname \"$0\")/environment\"\n";
    place.program("listener.sh", script);
}

/// What it was told.
fn told(place: &Place) -> Vec<Value> {
    let told = place.project.read("told");
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Settings that have the listener run.
fn settings(place: &Place, more: &str) -> String {
    format!("[notify]\ncommand = [{:?}]\n{more}", place.project.path("listener.sh").display())
}

#[test]
fn a_command_of_the_person_is_told_when_somebody_is_waited_for() {
    let place = Place::new();
    listener(&place);
    place.project.write(PERSON, settings(&place, ""));
    let (result, code) = place.ask(&json!({ "choices": ["a", "b"] }), &[]);
    assert_eq!(code, 5, "{result}");
    let run = result["run"].as_str().unwrap();
    let gate = json!({
        "event": "gate", "run": run, "name": "ask", "task": format!("{run}/1"), "state": "waiting",
        "question": "Ship it?", "choices": ["a", "b"],
        "answer": format!("baton approve {run}/1 --choice a"),
    });
    assert_eq!(told(&place), std::slice::from_ref(&gate));
    // Keys are none of its business.
    let environment = place.project.read("environment");
    assert!(
        environment.contains("PATH=") && !environment.contains("key-of-the-tests"),
        "{environment}"
    );
    // What was told is not told again, and an end with a result is not asked for.
    let (_, code) = place.object(&["approve", "last", "--choice", "a", "--resume", "--json"]);
    assert_eq!(code, 0);
    assert_eq!(told(&place), [gate]);
}

#[test]
fn a_gate_that_nobody_was_told_of_is_told_by_who_goes_on_and_only_once() {
    let place = Place::new();
    listener(&place);
    let (result, code) = place.ask(&json!({}), &[]);
    assert_eq!(code, 5, "{result}");
    let gate = format!("{}/1", result["run"].as_str().unwrap());
    assert_eq!(told(&place), [] as [Value; 0], "there was no hook");
    place.project.write(PERSON, settings(&place, ""));
    for _ in 0..2 {
        let (code, _, said) = place.said(&["resume", "last", "--no-wait"]);
        assert_eq!(code, 5, "{said}");
        let told = told(&place);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["event"], &told[0]["task"]), (&"gate".into(), &json!(gate)));
    }
    // One that has an answer already needs nobody.
    std::fs::remove_file(place.project.path("person/.config/baton/notified")).unwrap();
    std::fs::remove_file(place.project.path("told")).unwrap();
    let (_, code) = place.object(&["approve", "last", "--resume", "--json"]);
    assert_eq!((code, told(&place)), (0, vec![]));
}

#[test]
fn a_hook_hears_of_what_it_names() {
    let place = Place::new();
    listener(&place);
    place.project.write(PERSON, settings(&place, "on = [\"paused\", \"failed\", \"done\"]\n"));
    place.project.write(
        "bad.js",
        "export const meta = { name: 'bad', description: 'Fails.' }\nthrow new Error('no luck')\n",
    );
    let (_, code) = place.object(&["run", "bad.js", "--yes", "--json"]);
    assert_eq!(code, 1);
    let (result, _) = place.ask(&json!({}), &[]);
    let run = result["run"].as_str().unwrap();
    place.object(&["approve", run, "--resume", "--json"]);
    let told = told(&place);
    let events: Vec<&str> = told.iter().map(|news| news["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["failed", "done"], "{told:?}");
    assert!(told[0]["reason"].as_str().unwrap().contains("no luck"), "{told:?}");
    assert_eq!(told[1]["answer"], format!("baton show {run}"));
}

#[test]
fn a_webhook_gets_a_post() {
    let place = Place::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4_096];
        loop {
            let count = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str::<Value>(body)
            {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                sender.send((head.to_owned(), body)).unwrap();
                break;
            }
        }
    });
    let webhook = format!("[notify]\nwebhook = \"http://{address}/hooks/s3cret?x=1\"\n");
    place.project.write(PERSON, webhook);
    let options = json!({}).to_string();
    let run = ["run", "ask.js", "--extensions", "--yes", "--json", "--args-json", &options];
    let (code, shown, told) = place.said(&run);
    assert_eq!(code, 5, "{told}");
    let result: Value = serde_json::from_str(&shown).unwrap();
    let (head, body) = received.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /hooks/s3cret?x=1 HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    assert_eq!(body["question"], "Ship it?");
    assert_eq!(body["run"], result["run"]);
    assert!(!told.contains("warning"), "{told}");
    // Nobody is there any more: said once, without what may be secret, and nothing else changes.
    let (code, _, told) = place.said(&run);
    assert_eq!(code, 5, "{told}");
    let warnings: Vec<&str> = told.lines().filter(|line| line.contains("warning:")).collect();
    assert_eq!(warnings.len(), 1, "{told}");
    assert!(warnings[0].contains(&format!("http://{address} cannot be reached")), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_hook_of_a_project_does_nothing_before_somebody_looked_at_it() {
    let place = Place::new();
    listener(&place);
    place.project.write("baton.toml", settings(&place, ""));
    let run = ["run", "ask.js", "--extensions", "--yes"];
    let (code, _, said) = place.said(&run);
    assert_eq!(code, 5, "{said}");
    assert!(
        said.contains("baton.toml:2 runs `") && said.contains("nobody looked at that"),
        "{said}"
    );
    assert_eq!(told(&place), [] as [Value; 0]);
    let (code, _, said) = place.said(&["resume", "last"]);
    assert_eq!((code, told(&place).len()), (5, 0), "{said}");
}

#[test]
fn what_goes_wrong_with_a_hook_is_told_once_and_harms_nothing() {
    let place = Place::new();
    place.project.write(
        "four.js",
        "export const meta = { name: 'four', description: 'Asks four times.' }
return await Promise.all([1, 2, 3, 4].map((n) => baton.gate(`Number ${n}?`, { deadlineMs: 100, default: true })))
",
    );
    place.program("listener.sh", "#!/bin/sh\necho 'no such\u{1b}[31m channel' >&2\nexit 3\n");
    place.project.write(PERSON, settings(&place, ""));
    let run = ["run", "four.js", "--extensions", "--yes", "--wait"];
    let (code, shown, said) = place.said(&run);
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("defaulted"), "{shown}");
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("warning:")).collect();
    assert_eq!(warnings.len(), 1, "{said}");
    assert!(warnings[0].contains("config.toml:2: `"), "{said}");
    assert!(warnings[0].contains("ended with exit code 3: no such[31m channel"), "{said}");
    place.project.write(PERSON, "[notify]\ncommand = [\"no-such-program\"]\n");
    let (code, _, said) = place.said(&run);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("there is no program `no-such-program`"), "{said}");
}

#[test]
fn a_hook_that_hangs_is_ended() {
    let place = Place::new();
    let script = "#!/bin/sh\necho $$ > \"$(dirname \"$0\")/pid\"\nsleep 1000\n";
    place.program("listener.sh", script);
    place.project.write(PERSON, settings(&place, ""));
    let began = Instant::now();
    let (code, _, said) = place.said(&["run", "ask.js", "--extensions", "--yes"]);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("took more than 10 seconds") || said.contains("was too slow"), "{said}");
    assert!(began.elapsed() >= Duration::from_secs(9), "it was given its time");
    let pid: u64 = place.project.read("pid").trim().parse().unwrap();
    crate::support::until("the hook is gone", || !crate::support::alive(pid));
}

#[test]
fn settings_that_cannot_be_used_stop_a_run_before_it_starts() {
    let place = Place::new();
    for (text, why) in [
        ("[notify]\nwebhook = \"http://example.org/x\"\n", "must begin with https://"),
        ("[notify]\ncommand = [\"x\"]\non = [\"gates\"]\n", "gate, paused, failed, done"),
        ("[notify]\nhook = 1\n", "unknown field `hook`"),
    ] {
        place.project.write(PERSON, text);
        let (code, _, said) = place.said(&["run", "ask.js", "--extensions", "--yes"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("error[B0035]") && said.contains(why), "{said}");
    }
}
