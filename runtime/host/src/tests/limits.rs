//! Every way a guest can be ended, each with its own reason, and the host unharmed by all.

mod cases;

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::limits::Limits;
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use self::cases::{CASES, FOREVER, LOG, WAIT};
use super::guests::{agent, echo, workflow};
use super::mock::{Mock, host, perform, run, said};
use crate::port::PortError;
use crate::{Captured, trap};

fn tight() -> Limits {
    let mut limits = Limits::default();
    for own in [&mut limits.workflow, &mut limits.agent] {
        own.fuel = 50_000_000;
        own.host_calls = 1_000;
        own.handles = 100;
    }
    limits
}

#[tokio::test]
async fn each_guest_ends_for_its_own_reason() {
    let host = host();
    let limits = tight();
    for case in CASES {
        for world in ["workflow", "agent"] {
            if world == "agent" && case.imports.contains("tasks@") {
                continue;
            }
            let end = if world == "workflow" {
                let guest = workflow(case.imports, case.parts, case.body);
                run(&host, &guest, &limits, Mock::default()).await
            } else {
                let guest = agent(case.imports, case.parts, case.body);
                perform(&host, &guest, &limits, Mock::default()).await
            };
            let Ok(Outcome::Failed(failure)) = &end.outcome else {
                panic!("{} as {world}: {end:?}", case.name);
            };
            let found = (failure.kind, failure.code.as_str());
            assert_eq!(found, (case.kind, case.code), "{} as {world}: {failure}", case.name);
            assert!(end.fuel <= limits.workflow.fuel, "{}", case.name);
        }
    }
    let end = run(&host, &echo(), &limits, Mock::default()).await;
    assert_eq!(said(&end), r#"{"in":1}"#);
}

#[tokio::test]
async fn tables_are_limited_below_the_size_of_one() {
    let mut limits = tight();
    limits.workflow.table_elements = 500;
    let parts = "(table $table 1 funcref)";
    let body = "(drop (table.grow $table (ref.null func) (i32.const 600))) (i32.const 0)";
    let end = run(&host(), &workflow("", parts, body), &limits, Mock::default()).await;
    assert_eq!(said(&end), "table");
}

#[tokio::test]
async fn a_guest_that_begins_too_large_does_not_begin() {
    let mut limits = tight();
    limits.workflow.memory_bytes = 1;
    let end = run(&host(), &echo(), &limits, Mock::default()).await;
    assert_eq!(said(&end), "memory");
}

#[tokio::test]
async fn counts_of_the_store_have_their_own_reasons() {
    let host = host();
    let table = workflow("", "(table 1 funcref)", "(unreachable)");
    for (set, code) in [
        ("workflow.memories", "memories"),
        ("workflow.tables", "tables"),
        ("workflow.instances", "instances"),
    ] {
        let mut limits = tight();
        limits.set(set, 0).unwrap();
        let end = run(&host, &table, &limits, Mock::default()).await;
        assert_eq!(said(&end), code, "{end:?}");
    }
}

#[tokio::test]
async fn computing_time_ends_even_with_fuel_left() {
    let mut limits = Limits::default();
    limits.workflow.wall_ms = 1;
    limits.workflow.fuel = u64::MAX / 2;
    let host = host();
    let end = run(&host, &workflow("", "", FOREVER), &limits, Mock::default()).await;
    assert_eq!(said(&end), "wall-time");
    let flood = "(loop $again
        (call $log (i32.const 1) (i32.const 16) (i32.const 7)) (br $again)) (unreachable)";
    limits.workflow.host_calls = u64::MAX;
    let end = run(&host, &workflow(LOG, "", flood), &limits, Mock::default()).await;
    assert_eq!(said(&end), "wall-time");
}

#[tokio::test]
async fn a_fault_is_billed_one_interval_more_and_never_more_than_the_grant() {
    let host = host();
    let fault = workflow("", "", "(i32.load (i32.const 67108864))");
    let panic = workflow("", "", "(unreachable)");
    let mut limits = tight();
    let faulted = run(&host, &fault, &limits, Mock::default()).await.fuel;
    assert!((1_000_000..1_001_000).contains(&faulted), "{faulted}");
    let panicked = run(&host, &panic, &limits, Mock::default()).await.fuel;
    assert!(panicked < 1_000, "{panicked}");
    limits.workflow.fuel = 10_000;
    assert_eq!(run(&host, &fault, &limits, Mock::default()).await.fuel, 10_000);
}

#[tokio::test]
async fn what_the_port_ends_is_not_the_guests_failure() {
    let host = host();
    let body = "(call $log (i32.const 1) (i32.const 16) (i32.const 7)) (unreachable)";
    let guest = workflow(LOG, "", body);
    let mock = Mock { ends: Some(PortError::Gone), ..Mock::default() };
    let end = run(&host, &guest, &tight(), mock).await;
    assert!(matches!(end.outcome, Err(PortError::Gone)), "{end:?}");
}

#[tokio::test]
async fn a_dropped_call_gives_its_slot_back() {
    let host = host();
    let body = "(call $wait (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))
        (unreachable)";
    let guest = workflow(WAIT, "", body);
    let limits = Limits::default();
    for _ in 0..20 {
        let waiting = run(&host, &guest, &limits, Mock::default());
        let mut waiting = std::pin::pin!(waiting);
        let polled = poll_once(waiting.as_mut()).await;
        assert!(polled.is_pending());
    }
    assert!(host.try_slot().is_some());
    assert!(!host.crowded());
}

async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx))).await
}

/// Resources of a guest's own cost host memory without a call into the host.
#[test]
fn handles_of_own_resources_are_limited() {
    let bytes = wat::parse_str(
        r#"(component
            (type $own (resource (rep i32)))
            (core func $new (canon resource.new $own))
            (core module $bomb
                (import "" "new" (func $new (param i32) (result i32)))
                (func $start (loop $again (drop (call $new (i32.const 1))) (br $again)))
                (start $start))
            (core instance (instantiate $bomb
                (with "" (instance (export "new" (func $new)))))))"#,
    )
    .unwrap();
    let engine = crate::engine_config::engine(1).unwrap();
    let component = Component::from_binary(&engine, &bytes).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(1_000_000).unwrap();
    store.set_max_component_handles(100);
    let error = Linker::new(&engine).instantiate(&mut store, &component).unwrap_err();
    let Ok(Outcome::Failed(failure)) = trap::outcome(&error, 0, &Captured::default(), "workflow")
    else {
        panic!("{error:#}");
    };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Limit, "handles"));
}

#[test]
fn a_full_pool_is_the_hosts_affair() {
    let engine = crate::engine_config::engine(1).unwrap();
    let bytes = wat::parse_str("(component (core module $m) (core instance (instantiate $m)))");
    let component = Component::from_binary(&engine, &bytes.unwrap()).unwrap();
    let mut stores = Vec::new();
    let error = loop {
        let mut store = Store::new(&engine, ());
        store.set_fuel(1_000).unwrap();
        match Linker::new(&engine).instantiate(&mut store, &component) {
            Ok(_) => stores.push(store),
            Err(error) => break error,
        }
    };
    assert!(!stores.is_empty());
    let outcome = trap::outcome(&error, 0, &Captured::default(), "workflow");
    assert!(matches!(outcome, Err(PortError::Capacity(_))), "{error:#}");
}

#[test]
fn a_panic_message_is_quoted_without_its_control_characters() {
    let output = Captured { stderr: "early\nlate \u{1b}[31mred".into(), ..Captured::default() };
    let error = wasmtime::Error::from(wasmtime::Trap::UnreachableCodeReached);
    let Ok(Outcome::Failed(failure)) = trap::outcome(&error, 0, &output, "workflow") else {
        panic!("{error:#}");
    };
    assert_eq!(failure.message, "the guest panicked: early\nlate [31mred");
}
