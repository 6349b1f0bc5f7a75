//! Calls of tools and of people.

use std::sync::Arc;

use baton_core::limits::Limits;

use super::TEXTS;
use crate::tests::guests::{agent, workflow};
use crate::tests::mock::{Mock, host, perform, run, said};

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
