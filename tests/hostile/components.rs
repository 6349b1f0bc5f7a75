//! Components that no compiler makes, and files that are no components.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use baton_test_support::{component, guest};
use serde_json::Value;

use crate::cases::{AGENT, hand_over};
use crate::yard::{Yard, ending};

/// How a text in `wat/` must go.
enum Expected {
    /// `check` and `run` refuse it with these words; nothing is executed.
    Refused(&'static str),
    /// `check`, which compiles nothing, lets it pass; `run` refuses it with these words.
    NotLoaded(&'static str),
    /// It runs as a workflow and ends so.
    Runs(&'static str),
    /// It runs as an agent, and its workflow is answered so.
    Performs(&'static str),
}

use Expected::{NotLoaded, Performs, Refused, Runs};

const TEXTS: &[(&str, Expected)] = &[
    ("good", Runs("answers null")),
    ("loop-in-start", Runs("ends limit:fuel")),
    ("loop-in-realloc", Runs("ends limit:fuel")),
    ("loop-in-post-return", Runs("ends limit:fuel")),
    ("trap-in-realloc", Runs("ends failed:guest-trap")),
    ("trap-in-post-return", Runs("ends failed:guest-panic")),
    ("realloc-outside", Runs("ends failed:bad-argument")),
    ("realloc-past-the-end", Runs("ends failed:bad-argument")),
    ("realloc-calls-out", Runs("ends failed:bad-argument")),
    ("realloc-misaligned", Performs("answers failed:bad-argument")),
    ("table-bomb", Runs("ends limit:table")),
    ("table-beyond-everything", Runs("ends limit:fuel")),
    ("result-nowhere", Runs("ends failed:bad-argument")),
    ("result-misaligned", Runs("ends failed:bad-argument")),
    ("result-lies", Runs("ends failed:bad-argument")),
    ("result-of-no-kind", Runs("ends failed:bad-argument")),
    ("resource-bomb", Runs("ends limit:handles")),
    ("pollable-bomb", Performs("answers limit:handles")),
    ("forged-handle", Performs("answers failed:bad-argument")),
    ("handle-of-another-kind", Performs("answers failed:bad-argument")),
    ("handle-dropped-twice", Performs("answers failed:bad-argument")),
    ("half-a-character", Runs("ends failed:bad-argument")),
    ("misaligned-text", Runs("ends failed:bad-argument")),
    ("borrowed-words", Runs("ends failed:bad-argument")),
    ("imports-sockets", Refused("only components of world `tool`")),
    ("imports-a-stranger", Refused("`evil:corp/door@1.0.0`")),
    ("imports-a-function", Refused("not an interface")),
    ("agent-with-tasks", Refused("world `agent` does not have")),
    ("newer-contract", Refused("offers version 0.1.2")),
    ("missing-export", Refused("neither `run`")),
    ("no-manifest", Refused("no section `baton:manifest`")),
    ("two-manifests", Refused("2 sections")),
    ("manifest-no-json", Refused("does not parse")),
    ("manifest-of-another-world", Refused("world `agent`")),
    ("manifest-with-a-path", Refused("is not lower case letters")),
    ("two-memories", Refused("multi")),
    ("shared-memory", Refused("threads")),
    ("wide-memory", Refused("memory64")),
    ("wrong-type", NotLoaded("`run` has not the type")),
    ("many-memories", NotLoaded("memories")),
    ("many-tables", NotLoaded("tables")),
    ("many-instances", NotLoaded("instances")),
    ("large-table", NotLoaded("table")),
    ("large-memory", NotLoaded("memory")),
];

fn texts() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/wat")
}

fn refused(yard: &Yard, file: &str, words: &str, by_check: bool) {
    let checked = yard.run(&["check", file]);
    let ran = yard.run(&["run", file, "--yes", "--json"]);
    let shown = format!("{file}: {}{}{}", checked.stdout, checked.stderr, ran.stderr);
    assert_eq!(checked.exit, if by_check { 3 } else { 0 }, "{shown}");
    assert_eq!(ran.exit, 3, "{shown}");
    assert!(ran.stderr.contains(words), "`{words}` is not said: {shown}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["error"]["code"], "B0005", "{shown}");
    assert_eq!(report["usage"]["fuel"].as_u64().unwrap_or(0), 0, "{shown}");
}

#[test]
fn every_text_is_expected() {
    let files: BTreeSet<String> = fs::read_dir(texts())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().into())
        .collect();
    assert_eq!(files, TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn each_text_is_refused_or_ends_in_its_own_way() {
    let yard = Yard::new();
    for (name, expected) in TEXTS {
        let text = fs::read_to_string(texts().join(format!("{name}.wat"))).unwrap();
        let bytes = component(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let file = format!("./{name}.wasm");
        yard.write(&file, bytes);
        match expected {
            Refused(words) => refused(&yard, &file, words, true),
            NotLoaded(words) => refused(&yard, &file, words, false),
            Runs(end) => {
                let mut args = Yard::arguments(&[], None);
                args[1].clone_from(&file);
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let said = yard.run(&args);
                let report: Value = serde_json::from_str(&said.stdout).unwrap();
                assert_eq!(ending(&report), *end, "{name}: {}", said.stderr);
            }
            Performs(end) => {
                yard.write("root/a", "a");
                let agent = format!("component:{file}");
                let input = hand_over("anything").to_string();
                let args = Yard::arguments(&[], Some(&agent));
                let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
                args.extend(["--root", "root", "--input", &input]);
                let said = yard.run(&args);
                let report: Value = serde_json::from_str(&said.stdout).unwrap();
                assert_eq!(ending(&report), *end, "{name}: {}", said.stderr);
            }
        }
        yard.canary();
    }
    yard.settled();
}

/// Components within components, as deep as that.
fn nested(depth: u32) -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    const SECTION: u8 = 4;
    // Innermost first, so that each size is known; turned around at the end.
    let mut reversed: Vec<u8> = HEADER.iter().rev().copied().collect();
    for _ in 0..depth {
        let mut size = Vec::new();
        let mut rest = reversed.len();
        while rest >= 0x80 {
            size.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        size.push(rest as u8);
        reversed.extend(size.iter().rev());
        reversed.push(SECTION);
        reversed.extend(HEADER.iter().rev());
    }
    reversed.reverse();
    reversed
}

#[test]
fn files_that_are_no_components_are_refused() {
    let yard = Yard::new();
    let half = guest("hostile").len() / 2;
    let mut damaged = guest("hostile").to_vec();
    damaged[half..half + 64].fill(0xff);
    let mut other_version = guest("hostile").to_vec();
    other_version[4] = 0xee;
    for (name, bytes, words) in [
        ("empty", Vec::new(), "empty"),
        ("text", b"(component)".to_vec(), "text"),
        ("script", b"#!/bin/sh\necho owned\n".to_vec(), "does not begin"),
        ("machine-code", b"\x7fELF\x02\x01\x01".repeat(500), "precompiled"),
        ("core-module", b"\0asm\x01\0\0\0".to_vec(), "core module"),
        ("cut-after-the-magic", guest("hostile")[..4].to_vec(), ""),
        ("cut-after-the-header", guest("hostile")[..8].to_vec(), "neither `run`"),
        ("cut-in-the-middle", guest("hostile")[..half].to_vec(), "unexpected end"),
        (
            "cut-before-the-end",
            guest("hostile")[..guest("hostile").len() - 1].to_vec(),
            "unexpected end",
        ),
        ("damaged", damaged, ""),
        ("other-version", other_version, ""),
        ("components-in-components", nested(100_000), "deeper than 32 levels"),
        ("with-a-tail", [guest("hostile"), b"tail"].concat(), ""),
        ("too-large", [guest("hostile"), &vec![0; 50 << 20]].concat(), "at most 33554432"),
    ] {
        let file = format!("./{name}.wasm");
        yard.write(&file, bytes);
        refused(&yard, &file, words, true);
    }
    yard.canary();
}

#[test]
fn a_component_of_one_world_does_not_run_in_the_other() {
    let yard = Yard::new();
    let said = yard.run(&["run", "./hostile-agent.wasm", "--yes"]);
    assert_eq!(said.exit, 3, "{}", said.stderr);
    assert!(said.stderr.contains("world `agent`, not `workflow`"), "{}", said.stderr);
    let agent = "component:./hostile.wasm";
    let said = yard.run(&["run", "./hostile.wasm", "--yes", "--agent", agent]);
    assert_eq!(said.exit, 3, "{}", said.stderr);
    assert!(said.stderr.contains("world `workflow`, not `agent`"), "{}", said.stderr);
    let attack = yard.attack(&hand_over("good"), &[], AGENT);
    assert_eq!(ending(&attack.report), "answers good");
}
