#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::{BuildError, Guests, environment, file_name, target};

#[test]
fn the_target_folder_is_the_same_for_every_profile() {
    let rows = [
        ("/w/target/debug/build/p-1/out", None, Some("/w/target")),
        ("/w/target/release/build/p-1/out", Some("x86_64-unknown-linux-gnu"), Some("/w/target")),
        (
            "/w/target/x86_64-unknown-linux-gnu/debug/build/p-1/out",
            Some("x86_64-unknown-linux-gnu"),
            Some("/w/target"),
        ),
        ("/w/out", None, None),
    ];
    for (out_dir, triple, root) in rows {
        let found = target::root(Path::new(out_dir), triple.map(OsStr::new));
        assert_eq!(found.as_deref(), root.map(Path::new), "{out_dir}");
    }
}

#[test]
fn the_outer_build_does_not_leak_into_the_inner_one() {
    let dropped = [
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CLIPPY_ARGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS",
        "CARGO_PROFILE_GUEST_OPT_LEVEL",
        "CARGO_MANIFEST_DIR",
        "CARGO_INCREMENTAL",
        "OUT_DIR",
        "TARGET",
        "PROFILE",
    ];
    let kept = [
        "PATH",
        "HOME",
        "CARGO",
        "CARGO_HOME",
        "CARGO_NET_OFFLINE",
        "CARGO_MAKEFLAGS",
        "RUSTUP_TOOLCHAIN",
        "HTTPS_PROXY",
    ];
    let variables = dropped.iter().chain(&kept).map(|name| (name.into(), "x".into()));
    let mut command = Command::new("cargo");
    environment::clean(&mut command, variables);
    let changes: BTreeMap<&OsStr, Option<&OsStr>> = command.get_envs().collect();
    for name in dropped.into_iter().filter(|name| *name != "CARGO_ENCODED_RUSTFLAGS") {
        assert_eq!(changes.get(OsStr::new(name)), Some(&None), "{name}");
    }
    for name in kept {
        assert_eq!(changes.get(OsStr::new(name)), None, "{name}");
    }
    let flags = changes.get(OsStr::new("CARGO_ENCODED_RUSTFLAGS")).copied().flatten();
    assert!(flags.is_none_or(|flags| flags.to_string_lossy().starts_with("--remap-path-prefix=")));
}

#[test]
fn prebuilt_components_are_taken_as_they_are_and_must_all_be_there() {
    let folder = std::env::temp_dir().join(format!("baton-prebuilt-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(file_name("one-two"));
    std::fs::write(&path, b"component").unwrap();
    let nowhere = Path::new("/nonexistent");
    let mut guests = Guests::new(nowhere, nowhere);
    guests.prebuilt = Some(folder.clone());
    assert_eq!(guests.build(&["one-two"]).unwrap(), [path]);
    let error = guests.build(&["one-two", "three"]).unwrap_err();
    assert!(matches!(error, BuildError::Missing { package, .. } if package == "three"));
    std::fs::remove_dir_all(&folder).unwrap();
}
