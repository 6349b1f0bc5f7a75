//! Orders to a run that another process drives: what they say, what they refuse, what they do.

use serde_json::json;

use crate::support::{Place, kinds, until};

/// The bodies of the records of a kind.
fn bodies<'a>(journal: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    journal.iter().filter(|record| record["kind"] == kind).map(|record| &record["body"]).collect()
}

#[test]
fn a_pause_lets_what_is_at_work_finish_and_can_be_taken_back() {
    let place = Place::new();
    let run = place.many(6, &["--concurrency", "2"]);
    place.asked(2);
    let (told, code) = place.object(&["pause", &run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    let message = format!("{run} pauses when 2 tasks at work are done; nothing new starts");
    assert_eq!(told["message"], message);
    // Taken back before it came about.
    let (told, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("does not pause"), "{told}");
    let (told, _) = place.object(&["pause", &run, "--json"]);
    assert_eq!(told["outcome"], "obeyed");
    place.hold.release();
    place.reaches(&run, "paused");
    until("nobody owns it", || place.row(&run)["owned"] == false);
    assert_eq!(place.server.requests(), 2, "nothing started after the order");
    let (told, code) = place.object(&["pause", &run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("already")), "{told}");
    let journal = place.project.journal(&run);
    let orders = bodies(&journal, "pause-ordered");
    assert!(orders.iter().all(|body| body["by"] == "tester"), "{orders:?}");
    let (result, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(place.server.requests(), 6, "nothing was done twice");
}

#[test]
fn a_pause_at_once_stops_what_is_at_work_and_a_resume_repeats_it() {
    let place = Place::new();
    let run = place.many(3, &[]);
    place.asked(3);
    let (told, code) = place.object(&["pause", &run, "--now", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    assert_eq!(told["message"], format!("{run} is paused"));
    assert_eq!(place.row(&run)["pause"], json!({ "reason": "person", "by": "tester" }));
    place.hold.release();
    let (result, code) = place.object(&["resume", &run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(result["output"].as_array().unwrap().len(), 3);
}

#[test]
fn a_cancelled_task_goes_with_what_is_below_it() {
    let place = Place::new();
    let run = place.many(4, &["--concurrency", "2"]);
    place.asked(2);
    let (one, two) = (format!("{run}/1"), format!("{run}/4"));
    let (code, shown, told) = place.said(&["cancel", &one, &two, "--json"]);
    assert_eq!(code, 0, "{told}");
    let told: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 2);
    for (told, id) in told.iter().zip([&one, &two]) {
        assert_eq!(told["task"], **id);
        assert_eq!(told["outcome"], "obeyed", "{told}");
        assert_eq!(told["cancelled"], json!({ "agent": 1 }));
    }
    let (code, _, told) = place.said(&["cancel", &one]);
    assert_eq!(code, 2);
    assert!(told.contains("error[B0012]") && told.contains("already ended: cancelled"), "{told}");
    let (code, _, told) = place.said(&["cancel", &run]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        told,
        format!("{run} is cancelled: 2 agents had not ended\n"),
        "those cancelled before are no part of it"
    );
    assert_eq!(place.row(&run)["state"], "cancelled");
    let journal = place.project.journal(&run);
    let ordered = bodies(&journal, "cancel-ordered");
    assert_eq!(ordered.len(), 3);
    assert!(ordered.iter().all(|body| body["by"] == "tester"), "{ordered:?}");
}

#[test]
fn messages_go_to_agents_and_phases_that_are_open() {
    let place = Place::new();
    let run = place.many(3, &[]);
    place.asked(3);
    let task = format!("{run}/2");
    let (told, code) = place.object(&["send", &task, "use the old parser", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    place.project.write("text.md", "from a file\n");
    let (told, code) = place.object(&["send", &format!("{run}@Work"), "@text.md", "--json"]);
    assert_eq!((code, &told["phase"]), (0, &json!("Work")), "{told}");
    assert_eq!(told["message"], "3 agents of phase `Work` have the message");
    let journal = place.project.journal(&run);
    let messages = bodies(&journal, "messaged");
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[0]["text"], "use the old parser");
    assert_eq!(messages[0]["sender"], "tester");
    assert!(messages[1..].iter().all(|message| message["text"] == "from a file\n"), "{messages:?}");

    for (arguments, code, why) in [
        (&["send", &task, ""][..], "B0057", "is empty"),
        (&["send", &format!("{run}@Wrok"), "x"], "B0057", "did you mean `Work`?"),
        (&["send", &format!("{run}/9"), "x"], "B0009", "there is no task"),
        (&["send", &task, &"x".repeat(65_537)], "B0057", "more than 65536 bytes"),
        (&["send", "run_01JQ", "x"], "B0009", "there is no run"),
    ] {
        let (exit, _, told) = place.said(arguments);
        assert_eq!(exit, 2, "{arguments:?}: {told}");
        assert!(told.contains(&format!("error[{code}]")) && told.contains(why), "{told}");
    }
    let (told, code) = place.object(&["send", &run, "x", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("has not asked for any so far"), "{told}");
    place.hold.release();
    let (result, code) = place.object(&["attach", &run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
}

#[test]
fn what_its_owner_cannot_do_is_refused() {
    let place = Place::new();
    let run = place.many(3, &["--concurrency", "1"]);
    place.asked(1);
    // It was not started yet.
    let (told, code) = place.object(&["restart", &format!("{run}/3"), "--json"]);
    assert_eq!((code, &told["outcome"]), (1, &json!("refused")), "{told}");
    let (code, shown, told) = place.said(&["restart", &format!("{run}/3")]);
    assert_eq!((code, shown.as_str()), (1, ""), "{told}");
    assert!(told.contains("error[B0053]") && told.contains("baton tree"), "{told}");
    let (code, _, told) = place.said(&["cancel", &run]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn a_message_reaches_a_workflow_that_listens_also_before_it_goes_on() {
    let place = Place::new();
    place.project.write(
        "chat.js",
        "export const meta = { name: 'chat', description: 'Waits for a word.' }
const first = await baton.nextMessage()
const second = await baton.nextMessage()
return [first.text, second.text, second.sender]
",
    );
    let (result, code) = place.object(&["run", "chat.js", "--extensions", "--yes", "--json"]);
    assert_eq!((code, &result["state"]), (5, &json!("waiting")), "{result}");
    let run = result["run"].as_str().unwrap();
    assert_eq!(result["pause"]["reason"], "message");
    let listed = place.waiting();
    assert_eq!(listed[0]["kind"], "message");
    assert_eq!(listed[0]["answer"], format!("baton send {run} TEXT"));
    let (told, _) = place.object(&["send", run, "one", "--json"]);
    assert_eq!(told["outcome"], "kept");
    let (begun, code) = place.object(&["resume", run, "--detach", "--json"]);
    assert_eq!(code, 0, "{begun}");
    let (told, _) = place.object(&["send", run, "two", "--json"]);
    assert_eq!(told["outcome"], "obeyed", "{told}");
    let (result, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &result["output"]), (0, &json!(["one", "two", "tester"])), "{result}");
}

#[test]
fn an_agent_that_is_at_work_begins_anew_with_the_note() {
    let place = Place::new();
    let run = place.many(2, &[]);
    place.asked(2);
    let task = format!("{run}/1");
    let arguments = ["restart", &task, "--note", "the file is src/lib.rs", "--json"];
    let (told, code) = place.object(&arguments);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    place.asked(3);
    let seen = place.server.log();
    assert!(seen[2].by("user").contains("the file is src/lib.rs"), "{}", seen[2].by("user"));
    place.hold.release();
    let (result, code) = place.object(&["attach", &run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    let journal = place.project.journal(&run);
    assert_eq!(bodies(&journal, "restart-ordered").len(), 1, "{:?}", kinds(&journal));
    // Nothing had come of the answer: what was sent is charged, and not all that was held.
    let turned = bodies(&journal, "turned").into_iter();
    let ended: Vec<_> = turned.filter(|turned| turned["estimated"] == true).collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    let output = |usage: &serde_json::Value| usage["output_tokens"].as_u64().unwrap_or_default();
    let held = output(&bodies(&journal, "asked")[0]["reserve"]);
    assert!(output(&ended[0]["usage"]) < held, "{ended:?}");
    assert!(ended[0]["usage"]["input_tokens"].as_u64().unwrap() > 0, "{ended:?}");
    for (arguments, why) in [
        (&["restart", &task][..], "has already ended"),
        (&["restart", &run], "is a run, not a task"),
    ] {
        let (code, _, told) = place.said(arguments);
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn orders_to_a_run_that_has_ended_are_errors() {
    let place = Place::new();
    place.hold.release();
    let run = place.many(1, &[]);
    let (_, code) = place.object(&["attach", &run, "--json"]);
    assert_eq!(code, 0);
    for arguments in [&["pause", &run][..], &["cancel", &run], &["approve", &run]] {
        let (code, shown, told) = place.said(arguments);
        assert_eq!((code, shown.as_str()), (2, ""), "{arguments:?}: {told}");
        assert!(told.contains("ended"), "{told}");
    }
}
