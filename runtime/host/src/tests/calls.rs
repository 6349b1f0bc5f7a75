//! Calls of guests as the port sees them.

mod files;
mod output;
mod tools;

use std::collections::VecDeque;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;

use super::guests::{agent, echo, workflow};
use super::mock::{Mock, completed, host, perform, run, said};

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
