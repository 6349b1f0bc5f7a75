//! Files of settings: whose word wins, and where something in them is wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use super::*;
use crate::codes::Code;
use crate::error::CliError;

fn load(project: Option<&str>, deeper: Option<&str>, person: Option<&str>) -> Result<Config> {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    fs::create_dir_all(root.join("repo/.git")).unwrap();
    fs::create_dir_all(root.join("repo/deeper")).unwrap();
    fs::create_dir_all(root.join("home/.config/baton")).unwrap();
    for (path, text) in [
        ("repo/baton.toml", project),
        ("repo/deeper/baton.toml", deeper),
        ("home/.config/baton/config.toml", person),
    ] {
        if let Some(text) = text {
            fs::write(root.join(path), text).unwrap();
        }
    }
    let home = root.join("home").into_os_string();
    let places =
        Places::around(&root.join("repo/deeper"), |name| (name == "HOME").then(|| home.clone()));
    Config::load(&places)
}

#[test]
fn the_nearest_file_of_the_project_wins_over_the_persons() {
    let nothing = load(None, None, None).unwrap();
    assert_eq!(nothing, Config { lenient: false, extensions: false, nesting: 1 });
    let all = load(
        Some("[scripts]\nlenient = true\nnesting = 5"),
        Some("[scripts]\nextensions = true\n"),
        Some("[scripts]\nnesting = 3\nextensions = false\n"),
    );
    assert_eq!(all.unwrap(), Config { lenient: false, extensions: true, nesting: 3 });
    let above = load(Some("[scripts]\nlenient = true"), None, None);
    assert!(above.unwrap().lenient);
}

/// The places of a repository below `root`, whose person's home is there, too.
fn around(root: &Path) -> Places {
    fs::create_dir_all(root.join("repo/.git")).unwrap();
    fs::create_dir_all(root.join("home/.config/baton")).unwrap();
    let home = root.join("home").into_os_string();
    Places::around(&root.join("repo"), |name| (name == "HOME").then(|| home.clone()))
}

#[test]
fn the_persons_caps_of_backends_win_one_by_one() {
    let temp = tempfile::tempdir().unwrap();
    let places = around(temp.path());
    assert_eq!(concurrency(&places).unwrap(), []);
    let project = temp.path().join("repo/baton.toml");
    fs::write(&project, "[concurrency]\nclaude = 9\ncodex = 1\n").unwrap();
    let person = temp.path().join("home/.config/baton/config.toml");
    fs::write(person, "[concurrency]\nclaude = 2\n\"acp:x --y\" = 3\n").unwrap();
    let expected = [("acp:x --y", 3), ("claude", 2), ("codex", 1)];
    assert_eq!(concurrency(&places).unwrap(), expected.map(|(name, most)| (name.into(), most)));
    fs::write(project, "[concurrency]\nclaude = 0\n").unwrap();
    assert!(concurrency(&places).is_err(), "nobody could ever work");
}

#[test]
fn the_persons_retention_wins_key_by_key() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let around = || around(root);
    assert_eq!(retention(&around()).unwrap(), Retention::default());
    let (project, person) =
        (root.join("repo/baton.toml"), root.join("home/.config/baton/config.toml"));
    fs::write(&project, "[retention]\nmax_age = \"1d\"\nmax_runs = 0\nmax_bytes = 7\n").unwrap();
    fs::write(&person, "[retention]\nmax_runs = 100\nmax_bytes = \"5GB\"\n").unwrap();
    let expected = Retention {
        max_age_ms: Some(86_400_000),
        max_runs: Some(100),
        max_bytes: Some(5_000_000_000),
    };
    assert_eq!(retention(&around()).unwrap(), expected);
    for (text, place) in [
        ("[retention]\nmax_age = \"1 day\"\n", "baton.toml:2:11: `1 day` is not a span"),
        ("[retention]\nmax_bytes = \"5gb\"\n", "baton.toml:2:13: `5gb` is not a size"),
        ("[retention]\nmin_age = 1\n", "baton.toml:2:1: unknown field `min_age`"),
    ] {
        fs::write(&project, text).unwrap();
        let error = retention(&around()).unwrap_err();
        assert!(error.sentence().contains(place), "{}", error.sentence());
    }
}

#[test]
fn what_is_unknown_is_an_error_with_its_place() {
    for (text, place, word) in [
        ("[scripts]\nlenien = true\n", "baton.toml:2:1: ", "unknown field `lenien`"),
        ("\n[script]\n", "baton.toml:2:", "unknown field `script`"),
        ("[scripts]\nlenient = 1\n", "baton.toml:2:11: ", "expected a boolean"),
        ("[scripts\n", "baton.toml:1:", ""),
        ("[scripts]\nnesting = 8\n", "baton.toml: ", "workflows nest at most 7 deep"),
    ] {
        let error = load(Some(text), None, None).unwrap_err();
        let CliError::Coded(coded) = error else { panic!("not coded") };
        assert_eq!(coded.code, Code::Config);
        assert!(coded.message.contains(place), "{}", coded.message);
        assert!(coded.message.contains(word), "{}", coded.message);
    }
}
