//! Guests in WebAssembly text, made into components.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a guest in text has beside its own parts: a memory, an allocator, and `$done`, which makes
/// the result of a call from an output text. The input of the call is copied to 64 KiB at most.
const PREAMBLE: &str = r#"
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func $allocate (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    ;; Rounded up to 8, so that every type is aligned.
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
      (drop (memory.grow
        (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
    (local.get $at))
  (data (i32.const 16) "summary")
  ;; ok(output) of a tool, at 1024.
  (func $answer (param $text i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) (local.get $text))
    (i32.store (i32.const 1032) (local.get $length))
    (i32.const 1024))
  ;; ok(handoff) at 1024: summary, output, and three empty lists.
  (func $done (param $text i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) (i32.const 16))
    (i32.store (i32.const 1032) (i32.const 7))
    (i32.store (i32.const 1036) (local.get $text))
    (i32.store (i32.const 1040) (local.get $length))
    (i32.const 1024))
"#;

/// Interfaces of WASI and of strangers that test guests import, as far as they use them.
const FOREIGN: &[&str] = &[
    "package wasi:io@0.2.0;
     interface error {
       resource error;
     }
     interface streams {
       use error.{error};
       variant stream-error { last-operation-failed(error), closed }
       resource output-stream {
         check-write: func() -> result<u64, stream-error>;
         write: func(contents: list<u8>) -> result<_, stream-error>;
       }
     }",
    "package wasi:cli@0.2.0;
     interface stdout {
       use wasi:io/streams@0.2.0.{output-stream};
       get-stdout: func() -> output-stream;
     }
     interface stderr {
       use wasi:io/streams@0.2.0.{output-stream};
       get-stderr: func() -> output-stream;
     }
     interface exit {
       exit: func(status: result);
     }
     interface environment {
       get-environment: func() -> list<tuple<string, string>>;
       get-arguments: func() -> list<string>;
     }",
    "package wasi:clocks@0.2.0;
     interface monotonic-clock {
       now: func() -> u64;
     }
     interface wall-clock {
       record datetime { seconds: u64, nanoseconds: u32 }
       now: func() -> datetime;
     }",
    "package wasi:filesystem@0.2.0;
     interface types {
       resource descriptor;
     }
     interface preopens {
       use types.{descriptor};
       get-directories: func() -> list<tuple<descriptor, string>>;
     }",
    "package wasi:random@0.2.0;
     interface random {
       get-random-bytes: func(len: u64) -> list<u8>;
       get-random-u64: func() -> u64;
     }",
    "package wasi:sockets@0.2.0;
     interface network {
       resource network;
     }
     interface instance-network {
       use network.{network};
       instance-network: func() -> network;
     }",
    "package evil:corp@1.0.0;
     interface door {
       open: func() -> u32;
     }",
];

/// A manifest that says no more than it must.
pub(crate) fn manifest(world: &str) -> String {
    format!(r#"(@custom "baton:manifest" "{{\"name\":\"test\",\"world\":\"{world}\"}}")"#)
}

/// A workflow whose `run` has this body. `imports` are core imports, `parts` further definitions.
/// Parameters 0 and 1 are the input.
pub(crate) fn workflow(imports: &str, parts: &str, body: &str) -> Vec<u8> {
    let run = format!(r#"(func (export "run") (param i32 i32) (result i32) {body})"#);
    component("workflow", &format!("{imports} {PREAMBLE} {parts} {run} {}", manifest("workflow")))
}

/// An agent whose `perform` has this body. Parameters are those of the task, in its order, texts as
/// place and length: the prompt is 3 and 4.
pub(crate) fn agent(imports: &str, parts: &str, body: &str) -> Vec<u8> {
    let parameters = "(param i32)".repeat(14);
    let perform = format!(r#"(func (export "perform") {parameters} (result i32) {body})"#);
    component("agent", &format!("{imports} {PREAMBLE} {parts} {perform} {}", manifest("agent")))
}

/// A manifest of world `tool` with one tool.
pub(crate) fn tool_manifest() -> String {
    r#"(@custom "baton:manifest" "{\"name\":\"test\",\"world\":\"tool\",\"tools\":{\"t\":{}}}")"#
        .into()
}

/// A tool whose `call` has this body. Parameters 0 and 1 are the name, 2 and 3 the input.
pub(crate) fn tool(imports: &str, parts: &str, body: &str) -> Vec<u8> {
    let call = format!(r#"(func (export "call") (param i32 i32 i32 i32) (result i32) {body})"#);
    component("tool", &format!("{imports} {PREAMBLE} {parts} {call} {}", tool_manifest()))
}

/// A workflow that returns its input as its output.
pub(crate) fn echo() -> Vec<u8> {
    workflow("", "", "(call $done (local.get 0) (local.get 1))")
}

/// A component of a world from the parts of its core module.
pub(crate) fn component(world: &str, parts: &str) -> Vec<u8> {
    let mut module = wat::parse_str(format!("(module {parts})")).unwrap();
    let mut resolve = Resolve::default();
    resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).unwrap();
    let mut imports = String::new();
    for package in FOREIGN {
        resolve.push_str("foreign.wit", package).unwrap();
    }
    for import in [
        "wasi:io/streams@0.2.0",
        "wasi:cli/stdout@0.2.0",
        "wasi:cli/stderr@0.2.0",
        "wasi:cli/exit@0.2.0",
        "wasi:cli/environment@0.2.0",
        "wasi:clocks/wall-clock@0.2.0",
        "wasi:filesystem/preopens@0.2.0",
        "wasi:clocks/monotonic-clock@0.2.0",
        "wasi:random/random@0.2.0",
        "wasi:sockets/instance-network@0.2.0",
        "evil:corp/door@1.0.0",
    ] {
        imports.push_str(&format!("import {import};\n"));
    }
    let wit = format!(
        "package test:guest;
         world guest {{ include baton:runtime/{world}@0.1.2; {imports} }}"
    );
    let package = resolve.push_str("guest.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}
