//! What guests tell: lines, artifacts, and floods of them.

use std::sync::Arc;

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::limits::Limits;

use super::{REPORT, TEXTS};
use crate::tests::guests::{agent, workflow};
use crate::tests::mock::{Mock, host, perform, run, said};

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
async fn what_guests_write_is_kept_up_to_the_limit_of_their_world() {
    let body = "
      (call $write (call $stdout) (i32.const 16) (i32.const 7) (i32.const 2048))
      (call $done (i32.const 108) (i32.const 1))";
    let (of_workflow, of_agent) = (workflow(STREAMS, TEXTS, body), agent(STREAMS, TEXTS, body));
    for (workflow_bytes, agent_bytes) in [(8, 100), (100, 8)] {
        let mut limits = Limits::default();
        limits.workflow.output_bytes = workflow_bytes;
        limits.agent.output_bytes = agent_bytes;
        let ends = [
            (workflow_bytes, run(&host(), &of_workflow, &limits, Mock::default()).await),
            (agent_bytes, perform(&host(), &of_agent, &limits, Mock::default()).await),
        ];
        for (bytes, end) in ends {
            let expected = if bytes == 8 { ("summ", 3) } else { ("summary", 0) };
            assert_eq!((&*end.output.stdout, end.output.dropped), expected, "{bytes}");
        }
    }
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
