//! Instances of tools that are kept for further calls.

use std::sync::Arc;
use std::task::{Context, Waker};

use baton_core::limits::Limits;

use super::guests::tool;
use super::mock::{host, said};
use super::tools::{DIGIT, call, nothing};
use crate::tool::{ToolEnd, WarmTool};
use crate::{Host, HostConfig};

/// Answers how often it was called; called `stop`, it fails.
const COUNTER: &str = "
    (if (i32.eq (local.get 1) (i32.const 4)) (then (unreachable)))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (call $digit (global.get $calls))";

fn counter() -> Vec<u8> {
    tool("", &format!("(global $calls (mut i32) (i32.const 0)) {DIGIT}"), COUNTER)
}

fn warm(host: &Host, bytes: &[u8], limits: &Limits) -> WarmTool {
    host.warm_tool(&host.load(bytes).unwrap(), limits, nothing(&Arc::default()))
}

async fn next(host: &Host, warm: &mut WarmTool, name: &str) -> ToolEnd {
    warm.call(host.slot().await, call(name)).await
}

#[tokio::test]
async fn state_is_kept_between_calls_of_one_instance_and_of_no_other() {
    let host = Host::new(HostConfig { cache_dir: None, live_max: 8 }).unwrap();
    let bytes = counter();
    let mut one = warm(&host, &bytes, &Limits::default());
    let mut other = warm(&host, &bytes, &Limits::default());
    assert!(!one.is_fit(), "there is no instance yet");
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(said(&next(&host, &mut one, "t").await.end));
    }
    answers.push(said(&next(&host, &mut other, "t").await.end));
    let guest = host.load(&bytes).unwrap();
    for _ in 0..2 {
        let grant = nothing(&Arc::default());
        let slot = host.slot().await;
        let end = host.call_tool(&guest, slot, &Limits::default(), call("t"), grant).await;
        answers.push(said(&end.end));
    }
    assert_eq!(answers, ["1", "2", "3", "1", "1", "1"]);
    assert!(one.is_fit());
}

#[tokio::test]
async fn what_failed_is_not_used_again() {
    let host = host();
    let mut warm = warm(&host, &counter(), &Limits::default());
    assert_eq!(said(&next(&host, &mut warm, "t").await.end), "1");
    assert_eq!(said(&next(&host, &mut warm, "stop").await.end), "guest-panic");
    assert!(!warm.is_fit());
    assert_eq!(said(&next(&host, &mut warm, "t").await.end), "1", "a new instance");
}

#[tokio::test]
async fn each_call_has_its_own_fuel_calls_and_output() {
    let stdout = r#"(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
        (import "wasi:io/streams@0.2.0" "[method]output-stream.write"
            (func $write (param i32 i32 i32 i32)))"#;
    let body = "(local $left i32)
        (local.set $left (i32.const 1000000))
        (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $again (local.get $left)))
        (call $write (call $stdout) (i32.const 16) (i32.const 7) (i32.const 2048))
        (call $answer (local.get 0) (local.get 1))";
    let host = host();
    let mut limits = Limits::default();
    limits.tool.fuel = 10_000_000;
    limits.tool.host_calls = 1;
    limits.tool.output_bytes = 14;
    let mut warm = warm(&host, &tool(stdout, "", body), &limits);
    let first = next(&host, &mut warm, "7").await.end;
    for _ in 0..4 {
        let end = next(&host, &mut warm, "7").await.end;
        assert_eq!((said(&end), &*end.output.stdout), ("7".into(), "summary"));
        assert!(
            end.fuel <= first.fuel && end.fuel > limits.tool.fuel / 4,
            "{} {}",
            end.fuel,
            first.fuel
        );
    }
}

#[tokio::test]
async fn memory_is_held_to_its_limit_over_all_calls() {
    let host = host();
    // 16 MiB at each call.
    let grow = "(drop (memory.grow (i32.const 256))) (call $answer (local.get 0) (local.get 1))";
    let mut warm = warm(&host, &tool("", "", grow), &Limits::default());
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(said(&next(&host, &mut warm, "7").await.end));
    }
    assert_eq!(answers, ["7", "7", "7", "memory", "7"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_its_instance_along() {
    let host = host();
    let forever = tool("", "", "(loop $again (br $again)) (unreachable)");
    let mut warm = warm(&host, &forever, &Limits::default());
    for _ in 0..10 {
        let slot = host.slot().await;
        let mut running = warm.call(slot, call("7"));
        let polled = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    assert!(!warm.is_fit());
    assert!(host.try_slot().is_some_and(|_| !host.crowded()));
}

#[tokio::test]
async fn a_kept_instance_gives_way_where_room_is_short() {
    let host = host();
    let mut warm = warm(&host, &counter(), &Limits::default());
    assert_eq!(said(&next(&host, &mut warm, "t").await.end), "1");
    assert!(warm.is_fit());
    let slot = host.try_slot().unwrap();
    assert!(host.try_slot().is_none(), "the kept instance holds the other one");
    assert!(!warm.is_fit());
    drop(slot);
    drop(warm);
    let both = (host.try_slot(), host.try_slot());
    assert!(both.0.is_some() && both.1.is_some());
}
