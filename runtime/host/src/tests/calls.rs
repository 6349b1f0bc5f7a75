//! Calls of guests as the port sees them.

use std::collections::VecDeque;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::files::{Entry, EntryKind, FileAnswer};
use baton_core::handoff::{FailureKind, Outcome};
use baton_core::json::Json;
use baton_core::limits::Limits;

use super::guests::{agent, echo, workflow};
use super::mock::{Mock, completed, host, perform, run, said};
use crate::Host;

const TASKS: &str = r#"
  (import "baton:runtime/tasks@0.1.2" "spawn-agent"
    (func $agent (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "baton:runtime/tasks@0.1.2" "spawn-workflow"
    (func $workflow (param i32 i32 i32 i32 i32 i32 i32)))
  (import "baton:runtime/tasks@0.1.2" "sleep" (func $sleep (param i64 i32)))
  (import "baton:runtime/tasks@0.1.2" "wait-any" (func $wait (param i32 i32 i32 i32)))
  (import "baton:runtime/tasks@0.1.2" "cancel" (func $cancel (param i64)))"#;
const FILES: &str = r#"
  (import "baton:runtime/files@0.1.2" "read" (func $read (param i32 i32 i32)))
  (import "baton:runtime/files@0.1.2" "stat" (func $stat (param i32 i32 i32)))
  (import "baton:runtime/files@0.1.2" "list" (func $list (param i32 i32 i32 i32 i32 i32 i32)))
  (import "baton:runtime/files@0.1.2" "search"
    (func $search (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
const REPORT: &str = r#"
  (import "baton:runtime/report@0.1.2" "phase" (func $phase (param i32 i32)))
  (import "baton:runtime/report@0.1.2" "log" (func $log (param i32 i32 i32)))
  (import "baton:runtime/report@0.1.2" "progress" (func $progress (param i64 i32 i64)))
  (import "baton:runtime/report@0.1.2" "artifact"
    (func $artifact (param i32 i32 i32 i32 i32 i32 i32)))"#;
const BUDGET: &str = r#"
  (import "baton:runtime/budget@0.1.2" "granted" (func $granted (param i32)))
  (import "baton:runtime/budget@0.1.2" "spent" (func $spent (param i32)))
  (import "baton:runtime/budget@0.1.2" "left" (func $left (param i32)))"#;
const WASI: &str = r#"
  (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))"#;

/// Texts that calls take, at fixed places: `go` at 100, `{}` at 104, `7` at 108.
const TEXTS: &str = r#"(data (i32.const 100) "go") (data (i32.const 104) "{}") (data (i32.const 108) "7")
  (func $must (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))"#;

#[tokio::test]
async fn every_call_reaches_the_port_with_its_arguments() {
    let imports = [TASKS, FILES, REPORT, BUDGET].concat();
    let body = "
      (call $agent (i32.const 100) (i32.const 2)
        (i32.const 1) (i32.const 108) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 1)))
      (call $workflow (i32.const 100) (i32.const 2) (i32.const 108) (i32.const 1)
        (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $sleep (i64.const 250) (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 3)))
      (call $cancel (i64.const 2))
      (call $phase (i32.const 100) (i32.const 2))
      (call $log (i32.const 2) (i32.const 100) (i32.const 2))
      (call $progress (i64.const 1) (i32.const 1) (i64.const 9))
      (call $artifact (i32.const 100) (i32.const 2) (i32.const 100) (i32.const 2)
        (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $must (i32.load8_u (i32.const 2048)))
      (call $stat (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $list (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $search (i32.const 100) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 104) (i32.const 2) (i32.const 2048))
      ;; left: agents is some(5), the others none.
      (call $left (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 5)))
      (call $must (i32.eqz (i32.load8_u (i32.const 2064))))
      (call $spent (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 2)))
      (call $granted (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 7)))
      (call $wait (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))
      (call $done (i32.const 108) (i32.const 1))";
    let guest = workflow(&imports, TEXTS, body);
    let host = host();
    let mut logs = Vec::new();
    for _ in 0..2 {
        let mock = Mock { deliveries: VecDeque::from([completed(1, "3")]), ..Mock::default() };
        let log = Arc::clone(&mock.log);
        let end = run(&host, &guest, &Limits::default(), mock).await;
        assert_eq!(said(&end), "7", "{end:?}");
        logs.push((log.lock().unwrap().clone(), end.fuel));
    }
    assert_eq!(logs[0], logs[1], "the same execution burns the same fuel at every call");
    let (log, fuel) = &logs[0];
    let calls: Vec<&str> = log.iter().map(|(what, _)| what.as_str()).collect();
    let expected = [
        r#"SpawnAgent(RawAgentSpec { prompt: "go", input: Some("7"), schema: None, options: "{}" })"#,
        r#"SpawnWorkflow(RawWorkflowSpec { name: "go", input: "7", options: "{}" })"#,
        "Sleep { ms: 250 }",
        "Cancel { task: 2 }",
        r#"Report(Phase { title: "go" })"#,
        r#"Report(Log { level: Warn, text: "go" })"#,
        "Report(Progress { done: 1, total: Some(9) })",
        "artifact go go 2",
        r#"Read { path: "go" }"#,
        r#"Stat { path: "go" }"#,
        "List { selection: Selection { include: [], exclude: [], options: SelectionOptions { ignored: false, hidden: false, directories: false, limit: None } } }",
        r#"Search { pattern: "go", selection: Selection { include: [], exclude: [], options: SelectionOptions { ignored: false, hidden: false, directories: false, limit: None } } }"#,
        "wait None",
    ];
    assert_eq!(calls, expected);
    assert!(log.windows(2).all(|pair| pair[0].1 < pair[1].1), "fuel only grows: {log:?}");
    assert!(log.last().unwrap().1 < *fuel);
}

#[tokio::test]
async fn an_agent_has_files_and_reports_and_its_task() {
    let body = "
      (call $phase (local.get 3) (local.get 4))
      (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $must (i32.load8_u (i32.const 2048)))
      (call $done (i32.const 108) (i32.const 1))";
    let guest = agent(&[FILES, REPORT].concat(), TEXTS, body);
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let end = perform(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
    let calls: Vec<String> = log.lock().unwrap().iter().map(|(what, _)| what.clone()).collect();
    assert_eq!(calls, [r#"Phase { title: "look" }"#, r#"Read { path: "go" }"#]);
}

#[tokio::test]
async fn a_guest_of_the_other_world_is_turned_away() {
    let host = host();
    let guest = host.load(&echo()).unwrap();
    let task = crate::AgentTask {
        id: String::new(),
        attempt: 1,
        prompt: String::new(),
        input: Json::null(),
        schema: None,
        corrections: Vec::new(),
        options: Json::null(),
    };
    let slot = host.slot().await;
    let port = Box::new(Mock::default());
    let end = host.perform(&guest, slot, &Limits::default(), task, port).await;
    assert_eq!(said(&end), "wrong-world");
}

const READ: &str = "
  (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
  (call $done (i32.const 108) (i32.const 1))";

async fn read(host: &Host, limits: &Limits, size: usize) -> crate::GuestEnd {
    let bytes = vec![0; size];
    let answer = FileAnswer::Content { digest: Digest::of(&bytes), bytes };
    let mock = Mock { files: VecDeque::from([Ok(answer)]), ..Mock::default() };
    run(host, &workflow(FILES, TEXTS, READ), limits, mock).await
}

#[tokio::test]
async fn what_is_read_is_charged() {
    let host = host();
    let limits = Limits::default();
    let (small, large) = (read(&host, &limits, 1_000).await, read(&host, &limits, 21_000).await);
    assert_eq!(large.fuel - small.fuel, 20_000);
    assert_eq!(large.fuel, read(&host, &limits, 21_000).await.fuel);
    let mut poor = limits;
    poor.workflow.fuel = 20_000;
    let end = read(&host, &poor, 21_000).await;
    assert_eq!((said(&end).as_str(), end.fuel), ("fuel", 20_000));
}

#[tokio::test]
async fn the_largest_file_arrives_whole() {
    let end = read(&host(), &Limits::default(), 8 << 20).await;
    assert_eq!(said(&end), "7", "{end:?}");
}

#[tokio::test]
async fn a_file_request_that_does_not_fit_is_refused_without_the_port() {
    let mut limits = Limits::default();
    limits.files.path_bytes = 1;
    let body = "
      (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $must (i32.load8_u (i32.const 2048)))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let end = run(&host(), &workflow(FILES, TEXTS, body), &limits, mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_port_that_answers_another_question_is_the_hosts_fault() {
    let entry = Entry { path: "go".into(), kind: EntryKind::File, size: 1 };
    let mock = Mock { files: VecDeque::from([Ok(FileAnswer::Entry(entry))]), ..Mock::default() };
    let end = run(&host(), &workflow(FILES, TEXTS, READ), &Limits::default(), mock).await;
    assert!(said(&end).starts_with("port: "), "{end:?}");
}

#[tokio::test]
async fn long_lines_are_cut() {
    let mut limits = Limits::default();
    limits.run.log_line_bytes = 5;
    limits.run.text_bytes = 3;
    let body = "
      (call $log (i32.const 1) (i32.const 16) (i32.const 7))
      (call $phase (i32.const 16) (i32.const 7))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    run(&host(), &workflow(REPORT, TEXTS, body), &limits, mock).await;
    let calls: Vec<String> = log.lock().unwrap().iter().map(|(what, _)| what.clone()).collect();
    assert_eq!(
        calls,
        [r#"Report(Log { level: Info, text: "summa" })"#, r#"Report(Phase { title: "sum" })"#]
    );
}

#[tokio::test]
async fn artifacts_have_a_size() {
    let body = "
      (drop (memory.grow (i32.const 100)))
      (call $artifact (i32.const 100) (i32.const 2) (i32.const 100) (i32.const 2)
        (i32.const 0) (i32.const 4194304) (i32.const 2048))
      (call $must (i32.eqz (i32.load8_u (i32.const 2048))))
      (call $artifact (i32.const 100) (i32.const 2) (i32.const 100) (i32.const 2)
        (i32.const 0) (i32.const 4194305) (i32.const 2048))
      (call $must (i32.load8_u (i32.const 2048)))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let end = run(&host(), &workflow(REPORT, TEXTS, body), &Limits::default(), mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn time_moves_only_with_deliveries() {
    let body = "
      (call $must (i64.eqz (call $now)))
      (call $wait (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))
      (call $must (i64.eq (call $now) (i64.const 500000000)))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock { deliveries: VecDeque::from([completed(1, "3")]), ..Mock::default() };
    let guest = workflow(&[TASKS, WASI].concat(), TEXTS, body);
    let end = run(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
}

#[tokio::test]
async fn random_numbers_follow_the_seed_of_the_run() {
    let body =
        "(call $sleep (call $random) (i32.const 2048)) (call $done (i32.const 108) (i32.const 1))";
    let host = host();
    let guest = host.load(&workflow(&[TASKS, WASI].concat(), TEXTS, body)).unwrap();
    let mut numbers = Vec::new();
    for seed in ["one", "one", "two"] {
        let mock = Mock::default();
        let log = Arc::clone(&mock.log);
        let slot = host.slot().await;
        let (limits, seed) = (Limits::default(), Digest::of(seed.as_bytes()));
        host.run_workflow(&guest, slot, &limits, &seed, &Json::null(), Box::new(mock)).await;
        numbers.push(log.lock().unwrap()[0].0.clone());
    }
    assert_eq!(numbers[0], numbers[1]);
    assert_ne!(numbers[0], numbers[2]);
}

#[tokio::test]
async fn a_delivery_reaches_the_guest() {
    // completion: discriminant at 2048 (ok) and 2056 (completion), task at 2064, ok(handoff) at
    // 2072, its summary at 2076 and output at 2084.
    let body = "
      (call $wait (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2064)) (i64.const 4)))
      (call $done (i32.load (i32.const 2084)) (i32.load (i32.const 2088)))";
    let deliveries = VecDeque::from([completed(4, r#"{"out":2}"#)]);
    let mock = Mock { deliveries, ..Mock::default() };
    let guest = workflow(TASKS, TEXTS, body);
    let end = run(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), r#"{"out":2}"#, "{end:?}");
}

const STREAMS: &str = r#"
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.check-write"
    (func $check (param i32 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))"#;

#[tokio::test]
async fn a_flood_of_output_is_kept_in_part_and_counted() {
    let body = "
      (local $stream i32) (local $left i32)
      (local.set $stream (call $stdout))
      (local.set $left (i32.const 10))
      (loop $again
        (call $check (local.get $stream) (i32.const 2048))
        (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 65536)))
        (call $write (local.get $stream) (i32.const 0) (i32.const 65536) (i32.const 2048))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $again (local.get $left)))
      (call $done (i32.const 108) (i32.const 1))";
    let guest = workflow(STREAMS, TEXTS, body);
    let end = run(&host(), &guest, &Limits::default(), Mock::default()).await;
    assert_eq!(said(&end), "7", "{end:?}");
    assert_eq!(end.output.stdout.len(), 32 << 10);
    assert_eq!(end.output.dropped, (10 << 16) - (32 << 10));
}

#[tokio::test]
async fn a_guest_may_say_itself_that_it_failed() {
    // err(failure) at 1024: kind at 1028, code at 1032, message at 1040, detail at 1048.
    let body = "
      (i32.store8 (i32.const 1024) (i32.const 1))
      (i32.store8 (i32.const 1028) (i32.const 4))
      (i32.store (i32.const 1032) (i32.const 100)) (i32.store (i32.const 1036) (i32.const 2))
      (i32.store (i32.const 1040) (i32.const 16)) (i32.store (i32.const 1044) (i32.const 7))
      (i32.store (i32.const 1048) (i32.const 104)) (i32.store (i32.const 1052) (i32.const 2))
      (i32.const 1024)";
    let guest = workflow("", TEXTS, body);
    let end = run(&host(), &guest, &Limits::default(), Mock::default()).await;
    let Ok(Outcome::Failed(failure)) = end.outcome else {
        panic!("{end:?}");
    };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Refused, "go"));
    assert_eq!(failure.message, "summary");
}

const SPEC: &str = r#"(data (i32.const 112) "code/search")"#;

#[tokio::test]
async fn a_workflow_is_offered_tools_and_spawns_them() {
    let imports = r#"
      (import "baton:runtime/tools@0.1.2" "spawn-tool"
        (func $spawn (param i32 i32 i32 i32 i32 i32 i32)))
      (import "baton:runtime/tools@0.1.2" "available" (func $available (param i32)))"#;
    let body = "
      (call $available (i32.const 2048))
      (call $must (i32.eq (i32.load (i32.const 2052)) (i32.const 1)))
      (call $spawn (i32.const 112) (i32.const 11) (i32.const 108) (i32.const 1)
        (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 1)))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let guest = workflow(imports, &[TEXTS, SPEC].concat(), body);
    let end = run(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), "7");
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(
        log[0].0.contains(r#"SpawnTool(RawToolSpec { name: "code/search", input: "7""#),
        "{log:?}"
    );
}

#[tokio::test]
async fn an_agent_calls_the_tools_of_its_box() {
    let imports = r#"
      (import "baton:runtime/toolbox@0.1.2" "call"
        (func $call (param i32 i32 i32 i32 i32 i32 i32)))
      (import "baton:runtime/toolbox@0.1.2" "available" (func $available (param i32)))"#;
    // What the call brings is the output.
    let body = "
      (call $available (i32.const 2048))
      (call $must (i32.eq (i32.load (i32.const 2052)) (i32.const 1)))
      (call $call (i32.const 112) (i32.const 11) (i32.const 108) (i32.const 1)
        (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $must (i32.eqz (i32.load8_u (i32.const 2048))))
      (call $done (i32.load (i32.const 2052)) (i32.load (i32.const 2056)))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let guest = agent(imports, &[TEXTS, SPEC].concat(), body);
    let end = perform(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), "null");
    let log = log.lock().unwrap();
    assert!(log.iter().any(|(what, _)| what.contains(r#"name: "code/search""#)), "{log:?}");
}

#[tokio::test]
async fn a_workflow_asks_people_and_listens() {
    let imports = r#"
      (import "baton:runtime/gates@0.1.2" "ask" (func $ask (param i32 i32 i32 i32 i32)))
      (import "baton:runtime/gates@0.1.2" "listen" (func $listen))"#;
    let body = "
      (call $ask (i32.const 100) (i32.const 2) (i32.const 104) (i32.const 2) (i32.const 2048))
      (call $must (i64.eq (i64.load (i32.const 2056)) (i64.const 1)))
      (call $listen)
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let guest = workflow(imports, TEXTS, body);
    let end = run(&host(), &guest, &Limits::default(), mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
    let log = log.lock().unwrap();
    let calls: Vec<&str> = log.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(
        calls,
        [r#"AskGate(RawGateSpec { question: "go", options: "{}", problem: None })"#, "Listen",]
    );
    assert!(log[0].1 < log[1].1, "fuel is told at every call: {log:?}");
}
