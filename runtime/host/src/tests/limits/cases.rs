//! Guests that each meet one limit.

use baton_core::handoff::FailureKind;

pub(super) const LOG: &str =
    r#"(import "baton:runtime/report@0.1.2" "log" (func $log (param i32 i32 i32)))"#;

pub(super) const WAIT: &str = r#"(import "baton:runtime/tasks@0.1.2" "wait-any"
    (func $wait (param i32 i32 i32 i32)))"#;

const SLEEP: &str = r#"(import "baton:runtime/tasks@0.1.2" "sleep" (func $sleep (param i64 i32)))"#;

const RANDOM: &str = r#"(import "wasi:random/random@0.2.0" "get-random-bytes"
    (func $random (param i64 i32)))"#;

const STDOUT: &str = r#"(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))"#;

pub(super) const FOREVER: &str = "(loop $again (br $again)) (unreachable)";

/// One guest of the corpus: what it imports, its further parts, its body, and its end.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) imports: &'static str,
    pub(super) parts: &'static str,
    pub(super) body: &'static str,
    pub(super) kind: FailureKind,
    pub(super) code: &'static str,
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "endless loop",
        imports: "",
        parts: "",
        body: FOREVER,
        kind: FailureKind::Limit,
        code: "fuel",
    },
    Case {
        name: "endless loop before it runs",
        imports: "",
        parts: "(func $start (loop $again (br $again))) (start $start)",
        body: "(unreachable)",
        kind: FailureKind::Limit,
        code: "fuel",
    },
    Case {
        name: "endless recursion",
        imports: "",
        parts: "(func $deeper (param i32) (result i32)
            (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))",
        body: "(call $deeper (i32.const 0))",
        kind: FailureKind::Limit,
        code: "stack",
    },
    Case {
        name: "memory bomb",
        imports: "",
        parts: "",
        body: "(loop $again (drop (memory.grow (i32.const 64))) (br $again)) (unreachable)",
        kind: FailureKind::Limit,
        code: "memory",
    },
    Case {
        name: "one growth beyond everything",
        imports: "",
        parts: "",
        body: "(drop (memory.grow (i32.const 65534))) (i32.const 0)",
        kind: FailureKind::Limit,
        code: "memory",
    },
    Case {
        name: "table bomb",
        imports: "",
        parts: "(table $table 1 funcref)",
        body: "(loop $again
            (drop (table.grow $table (ref.null func) (i32.const 1000))) (br $again)) (unreachable)",
        kind: FailureKind::Limit,
        code: "table",
    },
    Case {
        name: "log flood",
        imports: LOG,
        parts: "",
        body: "(loop $again
            (call $log (i32.const 1) (i32.const 16) (i32.const 7)) (br $again)) (unreachable)",
        kind: FailureKind::Limit,
        code: "host-calls",
    },
    Case {
        name: "a string beyond what a call may carry",
        imports: LOG,
        parts: "",
        body: "(drop (memory.grow (i32.const 300)))
            (call $log (i32.const 1) (i32.const 0) (i32.const 17000000)) (unreachable)",
        kind: FailureKind::Limit,
        code: "host-call-bytes",
    },
    Case {
        name: "a string whose length lies",
        imports: LOG,
        parts: "",
        body: "(call $log (i32.const 1) (i32.const 65536) (i32.const 2000000)) (unreachable)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "a string that is no text",
        imports: LOG,
        parts: r#"(data (i32.const 100) "\ff\fe")"#,
        body: "(call $log (i32.const 1) (i32.const 100) (i32.const 2)) (unreachable)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "an enum that is none",
        imports: LOG,
        parts: "",
        body: "(call $log (i32.const 9) (i32.const 16) (i32.const 7)) (unreachable)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "a list whose length lies",
        imports: WAIT,
        parts: "",
        body: "(call $wait (i32.const 1) (i32.const 8) (i32.const 500000) (i32.const 2048))
            (unreachable)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "room for an answer outside the memory",
        imports: SLEEP,
        parts: "",
        body: "(call $sleep (i64.const 1) (i32.const -8)) (unreachable)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "a list longer than any",
        imports: WAIT,
        parts: "",
        body: "(call $wait (i32.const 1) (i32.const 8) (i32.const 4097) (i32.const 2048))
            (unreachable)",
        kind: FailureKind::Limit,
        code: "list-items",
    },
    Case {
        name: "a result that points nowhere",
        imports: "",
        parts: "",
        body: "(i32.const 4194304)",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "a result whose text lies",
        imports: "",
        parts: "",
        body: "(call $done (i32.const 65536) (i32.const 2000000))",
        kind: FailureKind::Failed,
        code: "bad-argument",
    },
    Case {
        name: "a result that is no JSON",
        imports: "",
        parts: "",
        body: "(call $done (i32.const 16) (i32.const 7))",
        kind: FailureKind::Failed,
        code: "invalid-result",
    },
    Case {
        name: "a panic",
        imports: "",
        parts: "",
        body: "(unreachable)",
        kind: FailureKind::Failed,
        code: "guest-panic",
    },
    Case {
        name: "a division by zero",
        imports: "",
        parts: "",
        body: "(i32.div_u (i32.const 1) (i32.const 0))",
        kind: FailureKind::Failed,
        code: "guest-trap",
    },
    Case {
        name: "a read outside the memory",
        imports: "",
        parts: "",
        body: "(i32.load (i32.const 67108864))",
        kind: FailureKind::Failed,
        code: "guest-trap",
    },
    Case {
        name: "an exit",
        imports: r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#,
        parts: "",
        body: "(call $exit (i32.const 0)) (unreachable)",
        kind: FailureKind::Failed,
        code: "no-result",
    },
    Case {
        name: "too many random bytes",
        imports: RANDOM,
        parts: "",
        body: "(call $random (i64.const 65537) (i32.const 2048)) (unreachable)",
        kind: FailureKind::Limit,
        code: "random-bytes",
    },
    Case {
        name: "handles without end",
        imports: STDOUT,
        parts: "",
        body: "(loop $again (drop (call $stdout)) (br $again)) (unreachable)",
        kind: FailureKind::Limit,
        code: "handles",
    },
];
