//! What must hold of the tree itself: who may depend on whom, under which licences, and what no
//! file may say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        // What other platforms would need is not there, and need not be.
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(workspace())
        // The compiler that it asks reads what comes from there as a program.
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> &Vec<Value> {
    metadata["packages"].as_array().unwrap()
}

fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

/// Normal dependencies of our packages by name.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let normal = |dependency: &&Value| dependency["kind"].is_null();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    packages(metadata)
        .iter()
        .filter(|package| is_ours(package))
        .map(|package| {
            let list = package["dependencies"].as_array().unwrap();
            (name(package), list.iter().filter(normal).map(name).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_down() {
    let allowed: &[(&str, &[&str])] = &[
        ("baton-core", &[]),
        ("baton-journal", &["baton-core"]),
        ("baton-host", &["baton-core"]),
        ("baton-scratch", &[]),
        ("baton-models", &["baton-core", "baton-scratch"]),
        ("baton-telemetry", &["baton-core"]),
        ("baton-agents", &["baton-core", "baton-host", "baton-models", "baton-scratch"]),
        ("baton-tools", &["baton-core", "baton-host", "baton-agents", "baton-scratch"]),
        (
            "baton-engine",
            &[
                "baton-core",
                "baton-journal",
                "baton-host",
                "baton-models",
                "baton-agents",
                "baton-tools",
            ],
        ),
        (
            "baton-forecast",
            &[
                "baton-core",
                "baton-journal",
                "baton-host",
                "baton-models",
                "baton-agents",
                "baton-engine",
            ],
        ),
    ];
    let metadata = metadata();
    let dependencies = dependencies(&metadata);
    let ours: BTreeSet<&String> = dependencies.keys().collect();
    for (package, allowed) in allowed {
        let actual: BTreeSet<&str> = dependencies[*package]
            .iter()
            .filter(|name| ours.contains(name))
            .map(String::as_str)
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(actual.is_subset(&allowed), "{package} depends on {actual:?}, allowed {allowed:?}");
    }
}

#[test]
fn core_knows_no_clock_disk_network_or_engine() {
    let metadata = metadata();
    let dependencies = dependencies(&metadata);
    let outside = ["tokio", "wasmtime", "rusqlite", "cap-std", "rustix", "getrandom", "jiff"];
    for name in outside {
        assert!(!dependencies["baton-core"].contains(name), "baton-core depends on {name}");
    }
    let banned = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::process",
        "std::env",
        "SystemTime",
        "Instant::now",
    ];
    for file in tracked(&["runtime/core/src/*.rs", "runtime/core/src/**/*.rs"]) {
        let text = std::fs::read_to_string(workspace().join(&file)).unwrap();
        for word in banned {
            assert!(!text.contains(word), "{file} uses {word}");
        }
    }
}

#[test]
fn every_dependency_comes_from_the_registry_under_a_permissive_licence() {
    let permissive = [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "Unlicense",
        "CC0-1.0",
        "MIT-0",
        "BSL-1.0",
        "0BSD",
        // The list of certificate authorities: data, free to use and to pass on.
        "CDLA-Permissive-2.0",
        "Apache-2.0 WITH LLVM-exception",
    ];
    let fits = |expression: &str| {
        // Every part of an `AND` must be permissive, one part of each `OR` is enough.
        expression.replace('/', " OR ").split(" AND ").all(|part| {
            part.trim_matches(['(', ')'])
                .split(" OR ")
                .any(|licence| permissive.contains(&licence.trim_matches(['(', ')', ' '])))
        })
    };
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in packages(&metadata).iter().filter(|package| !is_ours(package)) {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none stated");
        if !fits(licence) {
            wrong.push(format!("{name}: {licence}"));
        }
        let source = package["source"].as_str().unwrap();
        if !source.starts_with("registry+") {
            wrong.push(format!("{name}: {source}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_must_be_pinned_high_enough_is() {
    let metadata = metadata();
    let at_least =
        [("cap-primitives", (4, 0, 3)), ("wasmtime", (48, 0, 8)), ("wasmtime-wasi", (48, 0, 8))];
    for (name, floor) in at_least {
        let versions: Vec<(u64, u64, u64)> = packages(&metadata)
            .iter()
            .filter(|package| package["name"] == name)
            .map(|package| version(package["version"].as_str().unwrap()))
            .collect();
        assert!(!versions.is_empty(), "{name} is not there");
        assert!(versions.iter().all(|found| *found >= floor), "{name} {versions:?}");
    }
}

fn version(text: &str) -> (u64, u64, u64) {
    let core = text.split(['-', '+']).next().unwrap();
    let mut numbers = core.split('.').map(|part| part.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap())
}

/// Files of the tree that match, whether they are committed yet or not.
fn tracked(patterns: &[&str]) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(patterns)
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(!files.is_empty(), "nothing matches {patterns:?}");
    files.into_iter().filter(|file| workspace().join(file).exists()).collect()
}

#[test]
fn nothing_is_unfinished() {
    // Written in two parts, so that this file does not find itself.
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
        concat!("FIX", "ME"),
        concat!("TO", "DO:"),
    ];
    for file in tracked(&["*.rs", "*.wit", "*.toml"]) {
        let text = std::fs::read_to_string(workspace().join(&file)).unwrap();
        for word in words {
            assert!(!text.contains(word), "{file} says {word}");
        }
    }
}

#[test]
fn unsafe_code_is_in_one_place() {
    let mut places = Vec::new();
    for file in tracked(&["runtime/*.rs", "runtime/**/*.rs"]) {
        let text = std::fs::read_to_string(workspace().join(&file)).unwrap();
        if text.contains(concat!("unsafe", " {")) {
            places.push(file);
        }
    }
    assert_eq!(places, ["runtime/host/src/trusted.rs"]);
}
