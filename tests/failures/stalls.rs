//! Agents that are silent, and agents that only look like it (F40 to F47).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use baton_test_llm::{Fault, Refusal, Reply, Seen};
use serde_json::{Value, json};

use crate::place::{MODEL, Place, ended, kill_9, signal, stop, until};

/// A provider that never answers one of the prompts.
fn silent_for(prompt: &'static str) -> Place {
    Place::new(move |seen: &Seen| match seen.by("user") == prompt {
        true => Reply::fault(Fault::SilentAfterHeaders),
        false => Reply::text(format!("done: {}", seen.by("user"))),
    })
}

#[test]
fn f40_one_silent_agent_of_nine_ends_at_the_stall_limit() {
    let place = silent_for("Task 4.");
    let flow = "return await parallel(Array.from({ length: 9 }, (_, i) => () => agent(`Task ${i}.`, { stallMs: 1500 })))";
    let mut child = place.spawn(&place.flow(flow, &[]));
    until("eight results", || place.server.answered() == 8);
    let run = place.newest();
    until("eight on record", || place.count(&run, "done") == 8);
    // While the ninth is silent, the eight can be read.
    assert_eq!(child.try_wait().unwrap(), None, "it still waits for the silent one");
    for number in (1..=9).filter(|number| *number != 5) {
        let task = place.project.object(&["show", &format!("{run}/{number}"), "--json"]);
        let expected = format!("done: Task {}.", number - 1);
        assert_eq!(task["result"]["done"]["output"], expected, "{task}");
    }
    assert_eq!(place.row(&run)["state"], "running");
    let last = ended(child);
    last.done();
    assert_eq!(last.list().iter().filter(|value| value.is_string()).count(), 8);
    assert_eq!((&last.list()[4], &last.shown["failed_tasks"]), (&Value::Null, &json!(1)));
    let task = &place.tasks(&run)[4];
    assert_eq!(
        (&task["state"], &task["failure"]["code"]),
        (&json!("failed"), &json!("stalled")),
        "{task}"
    );
    assert_eq!(place.server.fired("silent-after-headers"), 2);
}

const STALLS: &str =
    "try { return await agent('Task 0.', { stallMs: 1000 }) } catch (error) { return error.name }";

#[test]
fn f41_who_stalls_without_progress_is_asked_no_third_time() {
    for fault in [Fault::SilentBeforeHeaders, Fault::SilentAfterHeaders, Fault::SilentAfter(10)] {
        let name = fault.name();
        let place = Place::new(move |_: &Seen| Reply::text("never").with(fault.clone()));
        let last = place.object(&place.flow(STALLS, &[]));
        assert_eq!(last.shown["output"], "WorkflowStallError", "{}", last.shown);
        assert_eq!((place.server.requests(), place.server.fired(name)), (2, 2), "{name}");
        let task = &place.tasks(&last.run())[0];
        assert_eq!(
            (&task["attempts"], &task["failure"]["code"]),
            (&json!(2), &json!("stalled")),
            "{task}"
        );
    }
}

/// Puts a program in the place of Claude Code, which says `script` once it was told its task.
fn coding_agent(place: &Place, script: &str) -> String {
    let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s1","total_cost_usd":0.01,"usage":{"input_tokens":10,"output_tokens":4}}"#;
    place.project.write(
        "bin/claude",
        format!(
            "#!/bin/sh
IFS= read -r task
echo '{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s1\",\"claude_code_version\":\"9.9\",\"model\":\"m\"}}'
{script}
echo '{result}'
"
        ),
    );
    let program = place.project.path("bin/claude");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", place.project.path("bin").display())
}

/// What a run of one agent of that kind comes to.
fn with_coding_agent(place: &Place, script: &str, stall_ms: u64) -> Value {
    let path = coding_agent(place, script);
    place.project.write("root/a.txt", "one");
    let mut start = place.flow(
        &format!(
            "try {{ return await agent('do it', {{ stallMs: {stall_ms} }}) }} catch (error) {{ return error.name }}"
        ),
        &["--root", "root"],
    );
    start[3] = "claude";
    let output = place.command(&start).env("PATH", path).output().unwrap();
    let last = crate::place::Ended::new(&start, &output);
    last.done();
    last.shown
}

/// Attempts at the only task of the last run.
fn attempts(place: &Place) -> Value {
    place.tasks("last")[0]["attempts"].clone()
}

#[test]
fn f42_a_tool_at_work_counts_as_life() {
    // Four tools, each longer than the stall limit.
    let place = Place::of_programs();
    let tool = |number: usize| {
        format!(
            r#"echo '{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"t{number}","name":"Bash","input":{{}}}}]}}}}'
sleep 2
echo '{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"t{number}","content":"x"}}]}}}}'
"#
        )
    };
    let script: String = (0..4).map(tool).collect();
    let last = with_coding_agent(&place, &script, 1_500);
    assert_eq!((&last["output"], attempts(&place)), (&json!("done"), json!(1)), "{last}");
    // Without them the same silence is its end.
    let place = Place::of_programs();
    let last = with_coding_agent(&place, "sleep 30", 500);
    assert_eq!(
        (&last["output"], attempts(&place)),
        (&json!("WorkflowStallError"), json!(2)),
        "{last}"
    );

    // The same of a model: its command takes longer than the stall limit.
    let place = Place::new(|seen: &Seen| match seen.turns {
        0..3 => Reply::call("exec", json!({ "argv": ["sleep", "2"] })),
        _ => Reply::text("done"),
    });
    place.project.write("root/a.txt", "one");
    place.project.write(
        "works.js",
        "export const meta = { name: 'works', description: 'Works.', baton: { exec: ['sleep **'] } }
return await agent('do it', { stallMs: 1500, baton: { tools: ['exec'] } })
",
    );
    let last = place.object(&[
        "run",
        "works.js",
        "--agent",
        MODEL,
        "--root",
        "root",
        "--extensions",
        "--grant",
        "exec=sleep **",
        "--yes",
        "--json",
    ]);
    last.done();
    assert_eq!((&last.shown["output"], place.server.requests()), (&json!("done"), 4));
    let task = &place.tasks(&last.run())[0];
    assert_eq!(task["attempts"], 1, "{task}");
    let limits = place.project.object(&["doctor", "--json"])["limits"].to_string();
    // Nothing but its own limits ends who works visibly, for hours.
    assert!(limits.contains("attempt.agent_ms") && limits.contains("21600000"), "{limits}");
}

#[test]
fn f43_a_compaction_of_205_seconds_survives() {
    // A fiftieth of the times: 4.1 s of silence where 3 s are a stall.
    let place = Place::of_programs();
    let compacting = r#"echo '{"type":"system","subtype":"status","status":"compacting","session_id":"s1"}'
sleep 4.1
echo '{"type":"system","subtype":"compact_boundary","session_id":"s1"}'"#;
    let last = with_coding_agent(&place, compacting, 3_000);
    assert_eq!((&last["output"], attempts(&place)), (&json!("done"), json!(1)), "{last}");
    // Silence that nothing announces: the limit is longer than a compaction where nobody says otherwise.
    let doctor = place.project.object(&["doctor", "--json"]);
    let limits = doctor["limits"].as_array().unwrap();
    let stall = limits.iter().find(|limit| limit["name"] == "model.stall_ms").unwrap();
    assert!(
        stall["value"].as_u64().unwrap_or_else(|| stall["default"].as_u64().unwrap()) > 205_000,
        "{stall}"
    );
}

#[test]
fn f44_an_answer_under_way_counts_as_life() {
    // Twelve pieces with silence between them: together more than twice the stall limit.
    let place = Place::new(|_: &Seen| {
        let mut reply =
            Reply::text("twelve words").slow(Duration::ZERO, Duration::from_millis(400));
        reply.piece = 1;
        reply
    });
    let began = Instant::now();
    let last = place.object(&place.flow("return await agent('Task 0.', { stallMs: 2000 })", &[]));
    last.done();
    assert!(began.elapsed() > Duration::from_millis(4_800), "it was slower than two stall limits");
    assert_eq!(
        (place.server.requests(), &last.shown["output"]),
        (1, &json!("twelve words")),
        "one start, one result"
    );
    assert_eq!(place.server.gone(), 0, "nobody left before the end");
}

#[test]
fn f45_a_wall_clock_limit_ends_an_attempt_that_crawls() {
    // One-token turns with a gap before each, for as long as anybody asks.
    let crawl = || {
        Place::new(|seen: &Seen| {
            let input = json!({ "path": "a.txt", "first_line": seen.turns + 1 });
            Reply::call("read_file", input)
                .usage(100, 1)
                .slow(Duration::from_millis(150), Duration::ZERO)
        })
    };
    for by in ["call", "operator"] {
        let place = crawl();
        place.project.write("root/a.txt", "one\n".repeat(300));
        let (options, more): (&str, &[&str]) = match by {
            "call" => ("{ baton: { timeoutMs: 2000 } }", &["--root", "root", "--extensions"]),
            _ => ("{}", &["--root", "root", "--limit", "attempt.agent_ms=2000"]),
        };
        let flow = format!(
            "try {{ return await agent('Task 0.', {options}) }} catch (error) {{ return error.name }}"
        );
        let last = place.object(&place.flow(&flow, more));
        last.done();
        let task = &place.tasks(&last.run())[0];
        assert_eq!(
            (&task["state"], &task["failure"]["code"]),
            (&json!("failed"), &json!("timeout")),
            "{by} {task}"
        );
        let asked = place.server.requests();
        assert!((2..300).contains(&asked), "{by}: it crawled, and not to its end: {asked}");
    }
}

#[test]
fn f46_time_stops_with_the_last_sign_of_life_and_a_stop_works_in_every_state() {
    let place = Place::new(|seen: &Seen| match seen.by("user").contains("quota") {
        true => Reply::fault(Fault::Refuses(Refusal::RateLimited)).header("retry-after", "3000"),
        false => Reply::fault(Fault::SilentBeforeHeaders),
    });
    let start = |prompt: &str, more: &[&'static str]| {
        let requests = place.server.requests();
        let child = place.spawn(&place.flow(&format!("return await agent('{prompt}')"), more));
        until("a request", || place.server.requests() > requests);
        (child, place.newest())
    };
    let took = |run: &str| {
        let (shown, ..) = place.text(&["show", run]);
        let line =
            shown.lines().find(|line| line.contains("took")).unwrap_or_else(|| panic!("{shown}"));
        (line.to_owned(), place.row(run)["updated"].clone())
    };
    // Dead: no time passes for it, and it does not look alive.
    let (child, dead) = start("dead", &[]);
    kill_9(child);
    let before = took(&dead);
    std::thread::sleep(Duration::from_millis(1_300));
    assert_eq!(took(&dead), before, "time stopped at the last sign of life");
    let (shown, ..) = place.text(&["ls"]);
    assert!(shown.contains("interrupted") && !shown.contains("running"), "{shown}");
    let (child, running) = start("running", &[]);
    // Paused by a provider, with and without a process that waits for it.
    let (waiting_child, waiting) = start("quota one", &[]);
    until("the pause", || place.row(&waiting)["state"] == "paused");
    let (paused_child, paused) = start("quota two", &["--no-continue"]);
    assert_eq!(ended(paused_child).state(), "paused");
    // Interrupted by hand.
    let (stopped_child, stopped) = start("stopped", &[]);
    assert_eq!(stop(stopped_child).exit, 130);

    let requests = place.server.requests();
    for run in [&dead, &running, &waiting, &paused, &stopped] {
        let (_, told, exit) = place.text(&["cancel", run]);
        assert_eq!(exit, 0, "{run}: {told}");
    }
    for child in [child, waiting_child] {
        let ended = ended(child);
        assert_eq!(ended.state(), "cancelled", "{}\n{}", ended.shown, ended.told);
    }
    for run in [&dead, &paused, &stopped] {
        // Nobody drives it: the order waits for whoever does, and holds before anything starts.
        let resumed = place.resume(run, &[]);
        assert_eq!(resumed.state(), "cancelled", "{}", resumed.shown);
    }
    assert_eq!(place.server.requests(), requests, "nothing was started any more");
    for run in [&dead, &running, &waiting, &paused, &stopped] {
        assert_eq!(place.row(run)["state"], "cancelled");
    }
}

#[test]
fn f47_a_dead_process_is_noticed_and_its_attempt_closed() {
    let place = Place::of_programs();
    let flow = "return await parallel([() => agent('hold one'), () => agent('two')])";
    let child = place.spawn(&place.work(flow, &[]));
    until("both agents", || place.calls().len() == 2);
    let run = place.newest();
    until("the other result", || place.count(&run, "done") == 1);
    let attempts = place.project.read("attempts");
    let line = attempts.lines().find(|line| line.ends_with("hold one")).unwrap();
    let process: u32 = line.split(' ').nth(1).unwrap().parse().unwrap();
    signal("-KILL", process);
    // Nothing but its death ends it.
    let last = ended(child);
    last.done();
    let task = &place.tasks(&run)[0];
    assert_eq!(
        (&task["state"], &task["failure"]["code"]),
        (&json!("failed"), &json!("signal")),
        "{task}"
    );
    assert!(task["ended"].is_string(), "{task}");
    assert_eq!(last.list()[1], "two", "the work of others is not lost");
}
