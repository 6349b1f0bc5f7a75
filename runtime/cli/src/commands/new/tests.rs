#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::sdk;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Files below `folder` that end in `ending`, but those of tests.
fn files(folder: &Path, ending: &str, to: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            files(&path, ending, to);
        } else if path.extension().is_some_and(|own| own == ending) {
            to.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn the_copy_of_the_sdk_is_whole() {
    let mut wanted = BTreeSet::new();
    files(&root().join("guest-sdk"), "rs", &mut wanted);
    files(&root().join("wit"), "wit", &mut wanted);
    let copied: BTreeSet<String> = sdk::SOURCES.iter().map(|(path, _)| (*path).into()).collect();
    assert_eq!(copied, wanted);
    assert!(copied.len() > 40, "{copied:?}");
}

#[test]
fn the_copy_depends_on_what_the_sdk_depends_on() {
    let manifest: toml::Table =
        toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let copy: toml::Table = toml::from_str(sdk::WORKSPACE).unwrap();
    let (own, copied) = (&manifest["workspace"], &copy["workspace"]);
    assert_eq!(own["package"], copied["package"]);
    let dependencies = copied["dependencies"].as_table().unwrap();
    for (name, dependency) in dependencies {
        assert_eq!(Some(dependency), own["dependencies"].get(name), "{name}");
    }
    for (path, text) in sdk::manifests() {
        let package: toml::Table = toml::from_str(&text).unwrap();
        assert!(!package.contains_key("dev-dependencies"), "{path}");
        let targets = package.get("target").and_then(toml::Value::as_table).into_iter().flatten();
        let tables = targets.map(|(_, target)| &target["dependencies"]);
        for table in tables.chain([&package["dependencies"]]) {
            for name in table.as_table().unwrap().keys() {
                assert!(dependencies.contains_key(name), "{path}: {name}");
            }
        }
    }
}
