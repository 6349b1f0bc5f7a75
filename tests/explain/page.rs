//! The page about control names only what there is.

use std::collections::{BTreeMap, BTreeSet};

use super::support::Place;

/// The page for people.
const PAGE: &str = include_str!("../../plugins/CONTROL.md");

/// Every command on the page: its words after `baton`, to the end of the code.
fn commands() -> Vec<Vec<&'static str>> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in PAGE.lines() {
        if line.starts_with("```") {
            fenced = line == "```sh";
            continue;
        }
        let pieces: Vec<&str> = match fenced {
            true => vec![line.split(" #").next().unwrap()],
            // Every second piece between backticks is code.
            false => line.split('`').skip(1).step_by(2).collect(),
        };
        let words = pieces.into_iter().filter_map(|code| code.strip_prefix("baton "));
        found.extend(words.map(|code| code.split_whitespace().collect::<Vec<_>>()));
    }
    found
}

#[test]
fn every_command_and_flag_on_the_page_is_there() {
    let place = Place::new();
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    let mut helps: BTreeMap<&str, String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for words in &commands {
        let command = words[0];
        let help = helps.entry(command).or_insert_with(|| place.says(&[command, "--help"]));
        seen.insert(command);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.trim_end_matches(['`', ',']);
            assert!(help.contains(flag), "`baton {command}` has no {flag}: {words:?}");
        }
    }
    for command in ["plan", "watch", "why", "report", "fork", "diff", "replay", "save", "gc"] {
        assert!(seen.contains(command), "the page says nothing of `{command}`");
    }
}

#[test]
fn the_settings_on_the_page_are_understood() {
    let place = Place::with("return 1");
    place.run(&[]);
    let blocks: Vec<&str> = PAGE.split("```toml\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let settings = block.split("```").next().unwrap();
        place.0.write("baton.toml", settings);
        place.says(&["gc", "--dry-run"]);
        place.0.write("baton.toml", format!("{settings}\nnonsense = 1\n"));
        let output = place.0.output(&["gc", "--dry-run"]);
        assert!(!output.status.success(), "unknown settings are told: {settings}");
    }
}
