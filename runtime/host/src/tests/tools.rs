//! Calls of tools: what they reach, and what ends them.

use std::sync::{Arc, Mutex};

use baton_core::digest::Digest;
use baton_core::handoff::{FailureKind, Outcome};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::{Authority, PathScope};
use baton_core::tool::Denial;

use super::guests::{agent, echo, tool};
use super::mock::{Mock, host, said};
use crate::Host;
use crate::files::Root;
use crate::tool::{ToolCall, ToolEnd, ToolGrant};

const STDOUT: &str = r#"(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))"#;
const STDERR: &str = r#"(import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))"#;
const WRITE: &str = r#"(import "wasi:io/streams@0.2.0" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))"#;
const RANDOM: &str = r#"(import "wasi:random/random@0.2.0" "get-random-bytes"
    (func $random (param i64 i32)))"#;
const NUMBER: &str = r#"(import "wasi:random/random@0.2.0" "get-random-u64"
    (func $number (result i64)))"#;
const ENVIRONMENT: &str = r#"(import "wasi:cli/environment@0.2.0" "get-environment"
    (func $environment (param i32)))"#;
const ARGUMENTS: &str = r#"(import "wasi:cli/environment@0.2.0" "get-arguments"
    (func $arguments (param i32)))"#;
const PREOPENS: &str = r#"(import "wasi:filesystem/preopens@0.2.0" "get-directories"
    (func $directories (param i32)))"#;
const CLOCK: &str = r#"(import "wasi:clocks/wall-clock@0.2.0" "now" (func $clock (param i32)))"#;
const EXIT: &str = r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#;
const SOCKETS: &str = r#"(import "wasi:sockets/instance-network@0.2.0" "instance-network"
    (func $network (result i32)))"#;
const FOREVER: &str = "(loop $again (br $again)) (unreachable)";

/// Answers a number below ten.
pub(crate) const DIGIT: &str = "(func $digit (param i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.add (i32.const 48) (local.get 0)))
    (call $answer (i32.const 2048) (i32.const 1)))";

/// Nothing granted; denials go to the list.
pub(crate) fn nothing(denials: &Arc<Mutex<Vec<Denial>>>) -> ToolGrant {
    let told = Arc::clone(denials);
    ToolGrant {
        root: None,
        authority: Arc::default(),
        environment: Vec::new(),
        secrets: Vec::new(),
        certificates: Arc::default(),
        denied: Arc::new(move |denial| told.lock().unwrap().push(denial)),
    }
}

pub(crate) fn call(name: &str) -> ToolCall {
    let input = Json::parse(r#"{"in":1}"#, 100, 10).unwrap();
    ToolCall { name: name.into(), input, traceparent: None }
}

async fn granted(host: &Host, bytes: &[u8], limits: &Limits, grant: ToolGrant) -> ToolEnd {
    let guest = host.load(bytes).unwrap();
    host.call_tool(&guest, host.slot().await, limits, call("7"), grant).await
}

async fn perform(bytes: &[u8], limits: &Limits) -> ToolEnd {
    granted(&host(), bytes, limits, nothing(&Arc::default())).await
}

#[tokio::test]
async fn a_tool_gets_its_name_and_input_and_answers() {
    let limits = Limits::default();
    let name = tool("", "", "(call $answer (local.get 0) (local.get 1))");
    assert_eq!(said(&perform(&name, &limits).await.end), "7");
    let input = tool("", "", "(call $answer (local.get 2) (local.get 3))");
    let end = perform(&input, &limits).await;
    assert_eq!(said(&end.end), r#"{"in":1}"#);
    assert!(end.end.fuel > 0 && !end.unavailable);
}

#[tokio::test]
async fn errors_of_a_tool_keep_their_kind() {
    for (kind, expected, unavailable) in [
        (0, FailureKind::Failed, false),
        (1, FailureKind::Refused, false),
        (2, FailureKind::Failed, true),
        (3, FailureKind::Failed, false),
    ] {
        let parts = r#"(data (i32.const 100) "no-luck") (data (i32.const 108) "{}")"#;
        // err(tool-error) at 1024: kind, code, message, detail.
        let body = format!(
            "(i32.store8 (i32.const 1024) (i32.const 1))
             (i32.store8 (i32.const 1028) (i32.const {kind}))
             (i32.store (i32.const 1032) (i32.const 100)) (i32.store (i32.const 1036) (i32.const 7))
             (i32.store (i32.const 1040) (i32.const 100)) (i32.store (i32.const 1044) (i32.const 7))
             (i32.store (i32.const 1048) (i32.const 108)) (i32.store (i32.const 1052) (i32.const 2))
             (i32.const 1024)"
        );
        let end = perform(&tool("", parts, &body), &Limits::default()).await;
        let Ok(Outcome::Failed(failure)) = &end.end.outcome else { panic!("{end:?}") };
        assert_eq!((failure.kind, &*failure.code), (expected, "no-luck"), "{kind}");
        assert_eq!(end.unavailable, unavailable, "{kind}");
    }
}

#[tokio::test]
async fn each_tool_ends_for_its_own_reason() {
    let mut limits = Limits::default();
    limits.tool.fuel = 50_000_000;
    limits.tool.host_calls = 1_000;
    limits.tool.handles = 100;
    limits.run.result_bytes = 6;
    let grow = "(loop $again (drop (memory.grow (i32.const 64))) (br $again)) (unreachable)";
    let calls = "(loop $again (call $environment (i32.const 2048)) (br $again)) (unreachable)";
    let writes = [STDOUT, WRITE].concat();
    for (name, imports, body, kind, code) in [
        ("an endless loop", "", FOREVER, FailureKind::Limit, "fuel"),
        ("a memory bomb", "", grow, FailureKind::Limit, "memory"),
        (
            "too many random bytes",
            RANDOM,
            "(call $random (i64.const 65537) (i32.const 2048)) (unreachable)",
            FailureKind::Limit,
            "random-bytes",
        ),
        (
            "more than one call may carry",
            writes.as_str(),
            "(drop (memory.grow (i32.const 300)))
            (call $write (call $stdout) (i32.const 0) (i32.const 17000000) (i32.const 2048))
            (unreachable)",
            FailureKind::Limit,
            "host-call-bytes",
        ),
        (
            "handles without end",
            STDOUT,
            "(loop $again (drop (call $stdout)) (br $again)) (unreachable)",
            FailureKind::Limit,
            "handles",
        ),
        (
            "calls without end",
            PREOPENS,
            "(loop $again (call $directories (i32.const 2048)) (br $again)) (unreachable)",
            FailureKind::Limit,
            "host-calls",
        ),
        ("fuel for calls", ENVIRONMENT, calls, FailureKind::Limit, "fuel"),
        (
            "an exit",
            EXIT,
            "(call $exit (i32.const 0)) (unreachable)",
            FailureKind::Failed,
            "no-result",
        ),
        ("a panic", "", "(unreachable)", FailureKind::Failed, "guest-panic"),
        (
            "a result that is no JSON",
            "",
            "(call $answer (i32.const 16) (i32.const 6))",
            FailureKind::Failed,
            "invalid-result",
        ),
        (
            "a result that is too large",
            "",
            "(call $answer (local.get 2) (local.get 3))",
            FailureKind::Failed,
            "invalid-result",
        ),
    ] {
        let end = perform(&tool(imports, "", body), &limits).await;
        let Ok(Outcome::Failed(failure)) = &end.end.outcome else { panic!("{name}: {end:?}") };
        assert_eq!((failure.kind, &*failure.code), (kind, code), "{name}: {failure}");
    }
}

#[tokio::test]
async fn computing_time_ends_even_with_fuel_left() {
    let mut limits = Limits::default();
    limits.tool.wall_ms = 1;
    limits.tool.fuel = u64::MAX / 2;
    assert_eq!(said(&perform(&tool("", "", FOREVER), &limits).await.end), "wall-time");
}

#[tokio::test]
async fn what_a_tool_writes_is_kept_up_to_a_limit() {
    let body = "
        (call $write (call $stdout) (i32.const 16) (i32.const 7) (i32.const 2048))
        (call $write (call $stderr) (i32.const 16) (i32.const 7) (i32.const 2048))
        (call $answer (local.get 0) (local.get 1))";
    let bytes = tool(&[STDOUT, STDERR, WRITE].concat(), "", body);
    let mut limits = Limits::default();
    let output = perform(&bytes, &limits).await.end.output;
    assert_eq!((&*output.stdout, &*output.stderr, output.dropped), ("summary", "summary", 0));
    limits.tool.output_bytes = 8;
    let output = perform(&bytes, &limits).await.end.output;
    assert_eq!((&*output.stdout, &*output.stderr, output.dropped), ("summ", "mary", 6));
}

#[tokio::test]
async fn only_the_granted_environment_is_there_and_no_arguments() {
    let body = "(call $environment (i32.const 2056)) (call $arguments (i32.const 2064))
        (call $digit (i32.add (i32.load (i32.const 2060)) (i32.load (i32.const 2068))))";
    let bytes = tool(&[ENVIRONMENT, ARGUMENTS].concat(), DIGIT, body);
    let mut grant = nothing(&Arc::default());
    let end = granted(&host(), &bytes, &Limits::default(), grant.clone()).await;
    assert_eq!(said(&end.end), "0");
    grant.environment = vec![("A".into(), "1".into()), ("B".into(), "2".into())];
    let end = granted(&host(), &bytes, &Limits::default(), grant).await;
    assert_eq!(said(&end.end), "2");
}

#[tokio::test]
async fn there_is_a_directory_only_where_files_are_granted() {
    let body = "(call $directories (i32.const 2056)) (call $digit (i32.load (i32.const 2060)))";
    let bytes = tool(PREOPENS, DIGIT, body);
    let folder = tempfile::tempdir().unwrap();
    let root = Some(Arc::new(Root::open(folder.path()).unwrap()));
    let all = Some(PathScope::default());
    let read = Authority { read: all.clone(), ..Authority::default() };
    let write = Authority { write: all, ..Authority::default() };
    for (root, authority, expected) in [
        (None, Authority::default(), "0"),
        (None, read.clone(), "0"),
        (root.clone(), Authority::default(), "0"),
        (root.clone(), read, "1"),
        (root, write, "1"),
    ] {
        let grant = ToolGrant { root, authority: Arc::new(authority), ..nothing(&Arc::default()) };
        let end = granted(&host(), &bytes, &Limits::default(), grant).await;
        assert_eq!(said(&end.end), expected);
    }
}

#[tokio::test]
async fn clocks_and_random_numbers_are_real() {
    // The number of the random source, and of the clock its seconds, as eight bytes each of a text.
    let body = "(i64.store (i32.const 2080) (call $number)) (call $clock (i32.const 2064))
        (call $write (call $stdout) (i32.const 2064) (i32.const 24) (i32.const 2048))
        (call $answer (local.get 0) (local.get 1))";
    let hex = "(func $unused)";
    let bytes = tool(&[NUMBER, CLOCK, STDOUT, WRITE].concat(), hex, body);
    let seconds = "(call $clock (i32.const 2064))
        (call $digit (i64.gt_u (i64.load (i32.const 2064)) (i64.const 1700000000)))";
    let late = tool(CLOCK, DIGIT, seconds);
    assert_eq!(said(&perform(&late, &Limits::default()).await.end), "1");
    let one = perform(&bytes, &Limits::default()).await.end.output.stdout;
    let other = perform(&bytes, &Limits::default()).await.end.output.stdout;
    assert_ne!(one, other);
}

#[tokio::test]
async fn sockets_can_be_imported_and_never_used() {
    let limits = Limits::default();
    let unused = tool(
        SOCKETS,
        "(func $f (drop (call $network)))",
        "(call $answer (local.get 0) (local.get 1))",
    );
    assert_eq!(said(&perform(&unused, &limits).await.end), "7");
    let used = tool(SOCKETS, "", "(drop (call $network)) (unreachable)");
    let denials = Arc::default();
    let end = granted(&host(), &used, &limits, nothing(&denials)).await;
    let Ok(Outcome::Failed(failure)) = &end.end.outcome else { panic!("{end:?}") };
    assert_eq!((failure.kind, &*failure.code), (FailureKind::Refused, "sockets"));
    let denials = denials.lock().unwrap();
    assert_eq!(denials[0].code, "sockets");
    assert!(denials[0].tried.contains("instance-network"), "{denials:?}");
}

#[tokio::test]
async fn worlds_are_not_mistaken_for_each_other() {
    let host = host();
    let limits = Limits::default();
    for bytes in [echo(), agent("", "", "(unreachable)")] {
        let end = granted(&host, &bytes, &limits, nothing(&Arc::default())).await;
        assert_eq!(said(&end.end), "wrong-world");
    }
    let guest = host.load(&tool("", "", "(unreachable)")).unwrap();
    let (slot, seed) = (host.slot().await, Digest::of(b""));
    let port = Box::new(Mock::default());
    let end = host.run_workflow(&guest, slot, &limits, &seed, &Json::null(), port).await;
    assert_eq!(said(&end), "wrong-world");
}
