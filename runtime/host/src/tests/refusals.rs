//! What is not accepted as a component, and in which words.

use baton_core::limits::wasm::{COMPONENT_BYTES_MAX, MANIFEST_BYTES_MAX, NESTING_MAX};
use baton_core::manifest::World;
use wasmtime::component::Component;

use super::guests::{agent, component, echo, manifest, tool, tool_manifest, workflow};
use super::mock::host;
use crate::contract;
use crate::engine_config;
use crate::linker;
use crate::tool::without_sockets;
use crate::{LoadError, inspect};

/// The parts of a core module that makes a workflow, without a manifest.
fn bare() -> String {
    r#"(memory (export "memory") 1)
       (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (unreachable))
       (func (export "run") (param i32 i32) (result i32) (unreachable))"#
        .into()
}

fn bare_tool() -> String {
    bare()
        .replace(r#"(export "run") (param i32 i32)"#, r#"(export "call") (param i32 i32 i32 i32)"#)
}

#[test]
fn what_is_no_component_is_told_apart() {
    let engine = engine_config::engine(1).unwrap();
    let artifact = Component::from_binary(&engine, &echo()).unwrap().serialize().unwrap();
    let module = wat::parse_str("(module)").unwrap();
    for (name, bytes, words) in [
        ("nothing", Vec::new(), "empty"),
        ("a precompiled artifact", artifact, "precompiled"),
        ("a core module", module, "core module"),
        ("text", b" \n(component)".to_vec(), "text"),
        ("a comment", b";; a comment".to_vec(), "text"),
        ("a script", b"#!/bin/sh".to_vec(), "does not begin"),
    ] {
        for error in [inspect(&bytes).unwrap_err(), host().load(&bytes).unwrap_err()] {
            let LoadError::NotAComponent(what) = error else {
                panic!("{name}: {error:?}");
            };
            assert!(what.contains(words), "{name}: {what}");
        }
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let size = COMPONENT_BYTES_MAX as usize + 1;
    let mut bytes = echo();
    bytes.resize(size, 0);
    let expected = LoadError::TooLarge { size: size as u64, max: COMPONENT_BYTES_MAX };
    assert_eq!(inspect(&bytes).unwrap_err(), expected);
    assert_eq!(host().load(&bytes).unwrap_err(), expected);
}

#[test]
fn a_component_cut_anywhere_is_refused_in_words() {
    let bytes = echo();
    let whole = inspect(&bytes).unwrap();
    let mut refused = 0;
    for length in 0..bytes.len() {
        match inspect(&bytes[..length]) {
            Err(error) => assert!(!error.to_string().is_empty()),
            // A cut between two sections leaves a valid component that lacks what follows, be it
            // only the name of the tool that made it.
            Ok(cut) if cut.refusals.is_empty() => {
                assert_eq!((&cut.exports, &cut.manifest), (&whole.exports, &whole.manifest));
                continue;
            }
            Ok(_) => {}
        }
        refused += 1;
    }
    assert!(refused > bytes.len() - 10, "{refused} of {}", bytes.len());
}

#[test]
fn a_component_with_any_byte_changed_never_panics() {
    let bytes = echo();
    let mut refused = 0;
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 0x55;
        refused += usize::from(inspect(&changed).is_err());
    }
    assert!(refused > bytes.len() / 4);
}

#[test]
fn refusals_name_what_they_refuse() {
    let door = r#"(import "evil:corp/door@1.0.0" "open" (func $open (result i32)))"#;
    let sockets = r#"(import "wasi:sockets/instance-network@0.2.0" "instance-network"
        (func $network (result i32)))"#;
    let bare = bare();
    let once = manifest("workflow");
    let huge = "x".repeat(MANIFEST_BYTES_MAX + 1);
    for (name, bytes, words) in [
        ("a stranger", workflow(door, "", "(call $open)"), "`evil:corp/door@1.0.0`"),
        ("sockets", agent(sockets, "", "(call $network)"), "only components of world `tool`"),
        ("no manifest", component("workflow", &bare), "no section"),
        ("two manifests", component("workflow", &format!("{bare} {once} {once}")), "2 sections"),
        (
            "a manifest that is no JSON",
            component("workflow", &format!(r#"{bare} (@custom "baton:manifest" "{{")"#)),
            "does not parse",
        ),
        (
            "a huge manifest",
            component("workflow", &format!(r#"{bare} (@custom "baton:manifest" "{huge}")"#)),
            "262144",
        ),
        (
            "a manifest of another world",
            component("workflow", &format!("{bare} {}", manifest("agent"))),
            "world `agent`",
        ),
        ("no export", wat::parse_str("(component)").unwrap(), "neither `run`"),
        (
            "two worlds",
            wat::parse_str(
                r#"(component (core module $m (func (export "f")))
                    (core instance $i (instantiate $m))
                    (func (export "run") (canon lift (core func $i "f")))
                    (func (export "call") (canon lift (core func $i "f"))))"#,
            )
            .unwrap(),
            "exports `run` and `call`",
        ),
        (
            "a tool without tools",
            component("tool", &format!("{} {}", bare_tool(), manifest("tool"))),
            "names no tools",
        ),
        ("a tool with a stranger", tool(door, "", "(call $open)"), "`evil:corp/door@1.0.0`"),
        (
            "an import that is no interface",
            wat::parse_str(r#"(component (import "door" (func)))"#).unwrap(),
            "not an interface",
        ),
        (
            "a newer contract",
            wat::parse_str(r#"(component (import "baton:runtime/tasks@0.2.0" (instance)))"#)
                .unwrap(),
            "offers version 0.1.2",
        ),
    ] {
        let refusals = inspect(&bytes).unwrap().refusals;
        assert!(refusals.iter().any(|why| why.contains(words)), "{name}: {refusals:?}");
        assert_eq!(host().load(&bytes).unwrap_err(), LoadError::Refused(refusals), "{name}");
    }
}

#[test]
fn an_export_of_another_type_is_refused_at_load() {
    let bytes = wat::parse_str(format!(
        r#"(component
            (core module $m (func (export "run")) {})
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#,
        manifest("workflow")
    ))
    .unwrap();
    assert_eq!(inspect(&bytes).unwrap().refusals, Vec::<String>::new());
    let error = host().load(&bytes).unwrap_err();
    let LoadError::Refused(refusals) = &error else {
        panic!("{error:?}");
    };
    assert!(refusals[0].contains("`run` has not the type"), "{error}");
}

#[test]
fn a_tool_is_described_and_its_type_checked() {
    let good = tool("", "", "(call $answer (local.get 0) (local.get 1))");
    let inspection = inspect(&good).unwrap();
    assert_eq!(
        (inspection.world, inspection.exports),
        (Some(World::Tool), vec!["call".to_owned()])
    );
    assert_eq!(inspection.refusals, Vec::<String>::new());
    assert_eq!(host().load(&good).unwrap().world(), World::Tool);
    let bytes = wat::parse_str(format!(
        r#"(component
            (core module $m (func (export "call")) {})
            (core instance $i (instantiate $m))
            (func (export "call") (canon lift (core func $i "call"))))"#,
        tool_manifest()
    ))
    .unwrap();
    let error = host().load(&bytes).unwrap_err();
    assert!(error.to_string().contains("`call` has not the type"), "{error}");
}

#[test]
fn components_nest_only_so_deep() {
    let nested = |depth| {
        let text = format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
        inspect(&wat::parse_str(text).unwrap())
    };
    assert!(nested(NESTING_MAX).is_ok());
    let error = nested(NESTING_MAX + 1).unwrap_err();
    assert!(matches!(&error, LoadError::Invalid(why) if why.contains("nested")), "{error:?}");
}

#[test]
fn a_good_component_is_described() {
    let inspection = inspect(&echo()).unwrap();
    assert_eq!(inspection.world, Some(World::Workflow));
    assert_eq!(inspection.exports, ["run"]);
    assert!(inspection.imports.iter().all(|import| import.starts_with("baton:runtime/types@")));
    assert_eq!(inspection.manifest.unwrap().name, "test");
    assert_eq!(inspection.refusals, Vec::<String>::new());
}

#[test]
fn shapes_beyond_the_pool_are_refused_at_load() {
    for (name, parts, words) in [
        ("a large memory", "(memory $large 5000)", "memory"),
        ("a large table", "(table 30000 funcref)", "table"),
        ("many tables", "(table 1 funcref) (table 1 funcref) (table 1 funcref)", "tables"),
    ] {
        let bytes = if name == "a large memory" {
            let bare = bare()
                .replace(r#"(memory (export "memory") 1)"#, r#"(memory (export "memory") 5000)"#);
            component("workflow", &format!("{bare} {}", manifest("workflow")))
        } else {
            workflow("", parts, "(unreachable)")
        };
        let error = host().load(&bytes).unwrap_err();
        let LoadError::Compile(message) = &error else {
            panic!("{name}: {error:?}");
        };
        assert!(message.contains(words), "{name}: {message}");
    }
}

#[test]
fn many_small_memories_are_refused_at_load() {
    let memory = "(core module $m (memory 1))
        (core instance (instantiate $m)) (core instance (instantiate $m))
        (core instance (instantiate $m))";
    let bytes = wat::parse_str(format!("(component {memory})")).unwrap();
    let engine = engine_config::engine(1).unwrap();
    let error = Component::from_binary(&engine, &bytes).unwrap_err();
    assert!(format!("{error:#}").contains("memories"), "{error:#}");
}

/// What inspection lets pass compiles, and what it turns away would not have.
#[test]
fn inspection_and_engine_agree_on_features() {
    let engine = engine_config::engine(1).unwrap();
    for (name, parts, accepted) in [
        ("simd", "(func (drop (v128.const i64x2 0 0)))", true),
        ("tail call", "(func $f (return_call $f))", true),
        (
            "bulk memory",
            "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
            true,
        ),
        ("extended constants", "(global i32 (i32.add (i32.const 1) (i32.const 1)))", true),
        ("two memories", "(memory 1) (memory 1)", false),
        ("64-bit memory", "(memory i64 1)", false),
        ("shared memory", "(memory 1 1 shared)", false),
        (
            "relaxed simd",
            "(func (param v128 v128) (result v128)
                (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
            false,
        ),
        ("garbage collection", "(type (struct (field i32)))", false),
        ("external references", "(table 1 externref)", false),
        ("exceptions", "(tag (param i32))", false),
        ("typed references", "(type $f (func)) (func (param (ref null $f)))", false),
    ] {
        let bytes = wat::parse_str(format!("(component (core module {parts}))")).unwrap();
        assert_eq!(inspect(&bytes).is_ok(), accepted, "inspect {name}: {:?}", inspect(&bytes));
        assert_eq!(Component::from_binary(&engine, &bytes).is_ok(), accepted, "engine {name}");
    }
}

/// One item of each interface, as a component imports it.
const ITEMS: &[(&str, &str)] = &[
    ("wasi:io/error", r#"(export "error" (type (sub resource)))"#),
    ("wasi:io/poll", r#"(export "pollable" (type (sub resource)))"#),
    ("wasi:io/streams", r#"(export "input-stream" (type (sub resource)))"#),
    (
        "wasi:cli/environment",
        r#"(type $l (list string)) (export "get-arguments" (func (result $l)))"#,
    ),
    ("wasi:cli/exit", r#"(type $r (result)) (export "exit" (func (param "status" $r)))"#),
    ("wasi:cli/terminal-input", r#"(export "terminal-input" (type (sub resource)))"#),
    ("wasi:cli/terminal-output", r#"(export "terminal-output" (type (sub resource)))"#),
    ("wasi:random/random", r#"(export "get-random-u64" (func (result u64)))"#),
    ("wasi:random/insecure", r#"(export "get-insecure-random-u64" (func (result u64)))"#),
    (
        "wasi:random/insecure-seed",
        r#"(type $t (tuple u64 u64)) (export "insecure-seed" (func (result $t)))"#,
    ),
    (
        "wasi:clocks/wall-clock",
        r#"(type $d' (record (field "seconds" u64) (field "nanoseconds" u32)))
           (export "datetime" (type $d (eq $d'))) (export "now" (func (result $d)))"#,
    ),
    ("wasi:clocks/monotonic-clock", r#"(export "now" (func (result u64)))"#),
    ("wasi:filesystem/types", r#"(export "descriptor" (type (sub resource)))"#),
    ("wasi:sockets/network", r#"(export "network" (type (sub resource)))"#),
    ("wasi:http/types", r#"(export "fields" (type (sub resource)))"#),
    ("wasi:http/incoming-handler", r#"(export "handle" (func))"#),
    ("wasi:keyvalue/store", r#"(export "open" (func))"#),
    ("baton:runtime/tasks", r#"(export "cancel" (func (param "task" u64)))"#),
    ("baton:runtime/report", r#"(export "phase" (func (param "title" string)))"#),
    ("baton:runtime/gates", r#"(export "listen" (func))"#),
];

fn links(interface: &str, item: &str, world: World) -> bool {
    let engine = engine_config::engine(1).unwrap();
    let version = if interface.starts_with("wasi:") { "0.2.0" } else { "0.1.0" };
    let text = format!(r#"(component (import "{interface}@{version}" (instance {item})))"#);
    let component = Component::from_binary(&engine, &wat::parse_str(text).unwrap()).unwrap();
    match world {
        World::Workflow => linker::workflow(&engine).unwrap().instantiate_pre(&component).is_ok(),
        World::Agent => linker::agent(&engine).unwrap().instantiate_pre(&component).is_ok(),
        World::Tool => {
            let linker = linker::tool(&engine).unwrap();
            let linker = without_sockets(&linker, &engine, &component).unwrap();
            linker.instantiate_pre(&component).is_ok()
        }
    }
}

#[test]
fn what_the_contract_lets_pass_is_linked_and_nothing_else() {
    for world in [World::Workflow, World::Agent, World::Tool] {
        for (interface, item) in ITEMS {
            let version = if interface.starts_with("wasi:") { "0.2.0" } else { "0.1.0" };
            let name = format!("{interface}@{version}");
            let passes = contract::import_refusal(&name, Some(world)).is_none();
            assert_eq!(links(interface, item, world), passes, "{interface} in {world:?}");
        }
    }
}
