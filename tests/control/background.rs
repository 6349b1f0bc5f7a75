//! Runs in the background: started, followed, killed, and gone on with.

use serde_json::{Value, json};

use crate::support::{Place, alive, signal, until};

#[test]
fn a_run_goes_on_in_the_background_and_attach_shows_its_result() {
    let place = Place::new();
    let arguments = ["run", "many.js", "--args-json", "2", "--agent", crate::support::MODEL];
    let (begun, code) = place.object(&[&arguments[..], &["--yes", "--detach", "--json"]].concat());
    assert_eq!((code, &begun["state"]), (0, &json!("running")), "{begun}");
    let run = begun["run"].as_str().unwrap();
    let pid = begun["pid"].as_u64().unwrap();
    assert!(alive(pid));
    // A session of its own: no terminal ends it.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit(") ").next().unwrap().split(' ').nth(3).unwrap();
    assert_eq!(session, pid.to_string());
    place.asked(2);
    let (child, told) = place.attached(run);
    place.hold.release();
    let output = child.wait_with_output().unwrap();
    let told = place.project.read(told);
    assert!(output.status.success(), "{output:?} {told}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["run"], &result["state"]), (&json!(run), &json!("done")));
    assert_eq!(result["output"].as_array().unwrap().len(), 2);
    assert!(told.contains("many"), "progress is shown: {told}");
    until("the process ends", || !alive(pid));
    // What it would have printed is in its log.
    let log = std::fs::read_to_string(begun["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("Task 1."), "{log}");
    // An attach to what has ended shows the same.
    let (again, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &again["output"]), (0, &result["output"]));
}

#[test]
fn without_json_the_id_alone_is_on_standard_output() {
    let place = Place::new();
    place.hold.release();
    let arguments = ["run", "many.js", "--args-json", "1", "--agent", crate::support::MODEL];
    let (code, shown, told) = place.said(&[&arguments[..], &["--yes", "--detach"]].concat());
    assert_eq!(code, 0, "{told}");
    let run = shown.trim_end();
    assert_eq!(shown, format!("{run}\n"));
    assert!(told.contains(&format!("baton attach {run}")), "{told}");
    let (code, shown, _) = place.said(&["attach", run]);
    assert_eq!(code, 0);
    assert!(shown.contains("Task 0."), "{shown}");
}

#[test]
fn a_failed_run_fails_whoever_is_attached() {
    let place = Place::new();
    place.project.write(
        "bad.js",
        "export const meta = { name: 'bad', description: 'Fails.' }\nthrow new Error('no luck')\n",
    );
    let (begun, code) = place.object(&["run", "bad.js", "--yes", "--detach", "--json"]);
    assert_eq!(code, 0, "{begun}");
    let (result, code) = place.object(&["attach", "last", "--json"]);
    assert_eq!((code, &result["state"]), (1, &json!("failed")), "{result}");
    assert_eq!(result["error"]["code"], "B0032");
}

#[test]
fn a_run_that_is_driven_is_not_driven_twice() {
    let place = Place::new();
    let run = place.many(1, &[]);
    let (code, shown, told) = place.said(&["resume", &run, "--detach"]);
    assert_eq!((code, shown.as_str()), (1, ""), "{told}");
    assert!(told.contains("error[B0011]") && told.contains("baton attach"), "{told}");
    let (code, _, told) = place.said(&["cancel", &run]);
    assert_eq!(code, 0, "{told}");
    let (code, _, told) = place.said(&["attach", &run]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("error[B0014]"), "{told}");
}

#[test]
fn attach_says_when_nobody_drives_a_run_any_more() {
    let place = Place::new();
    let arguments = ["run", "many.js", "--args-json", "3", "--agent", crate::support::MODEL];
    let (begun, _) = place.object(&[&arguments[..], &["--yes", "--detach", "--json"]].concat());
    let (run, pid) = (begun["run"].as_str().unwrap(), begun["pid"].as_u64().unwrap());
    place.asked(3);
    let (child, _) = place.attached(run);
    signal("-9", pid);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["error"]["code"], "B0017");
    assert!(result["error"]["hint"].as_str().unwrap().contains(&format!("baton resume {run}")));

    place.hold.release();
    let (begun, code) = place.object(&["resume", run, "--detach", "--json"]);
    assert_eq!(code, 0, "{begun}");
    assert_ne!(begun["pid"].as_u64().unwrap(), pid);
    let (result, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(result["output"].as_array().unwrap().len(), 3);
}

#[test]
fn whoever_is_attached_can_leave() {
    let place = Place::new();
    let run = place.many(1, &[]);
    place.asked(1);
    // Records are shown once the signal is listened for.
    let (child, told) = place.attached(&run);
    signal("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let told = place.project.read(told);
    assert!(told.contains("detached: the run goes on"), "{told}");
    place.hold.release();
    let (result, code) = place.object(&["attach", &run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
}

#[test]
fn a_run_in_the_background_stays_at_a_question() {
    let place = Place::new();
    let arguments = ["run", "ask.js", "--extensions", "--yes", "--detach", "--json"];
    let (begun, code) = place.object(&arguments);
    assert_eq!(code, 0, "{begun}");
    let run = begun["run"].as_str().unwrap();
    place.reaches(run, "waiting");
    assert_eq!(place.row(run)["owned"], true);
    let (told, code) = place.object(&["approve", run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("obeyed")), "{told}");
    let (result, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &result["output"]["approved"]), (0, &json!(true)), "{result}");
}

#[test]
fn a_process_that_cannot_drive_the_run_is_told_of() {
    let place = Place::new();
    let arguments =
        ["run", "ask.js", "--extensions", "--yes", "--json", "--root", "root", "--no-wait"];
    let (result, code) = place.object(&arguments);
    assert_eq!(code, 5, "{result}");
    std::fs::remove_dir(place.project.path("root")).unwrap();
    let (code, shown, told) = place.said(&["resume", "last", "--detach"]);
    assert_eq!((code, shown.as_str()), (1, ""), "{told}");
    assert!(told.contains("error[B0056]") && told.contains("error[B0004]"), "{told}");
    std::fs::create_dir(place.project.path("root")).unwrap();
    let (told, code) = place.object(&["approve", "last", "--resume", "--json"]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn of_several_that_go_on_with_a_run_in_the_background_one_does() {
    let place = Place::new();
    let (result, code) = place.ask(&json!({}), &[]);
    assert_eq!(code, 5, "{result}");
    let run = result["run"].as_str().unwrap();
    let all: Vec<_> = (0..3).map(|_| place.spawn(&["resume", run, "--detach"])).collect();
    let ended: Vec<_> = all.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let won = ended.iter().filter(|output| output.status.success()).count();
    assert_eq!(won, 1, "{ended:?}");
    for lost in ended.iter().filter(|output| !output.status.success()) {
        let told = String::from_utf8_lossy(&lost.stderr);
        assert!(told.contains("error[B0056]") || told.contains("error[B0011]"), "{told}");
    }
    place.object(&["approve", run, "--json"]);
    let (result, code) = place.object(&["attach", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
}
