#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;

use baton_core::manifest::AgentType;

use super::parts::renamed;
use super::*;

#[test]
fn names_are_names_of_files() {
    for name in ["a", "nightly-audit", "A_1", &"x".repeat(64)] {
        assert!(usable(name).is_ok(), "{name}");
    }
    for name in ["", "-a", "_a", "a/b", "..", ".a", "a b", "a:b", "a.js", "ü", &"x".repeat(65)] {
        assert!(usable(name).is_err(), "{name}");
    }
}

#[test]
fn the_first_literal_name_is_replaced() {
    for (text, expected) in [
        (
            "export const meta = { name: 'old', x: 1 }",
            Some("export const meta = { name: 'new', x: 1 }"),
        ),
        ("{name:\"old\"} name: 'old'", Some("{name:\"new\"} name: 'old'")),
        ("{ name: `old` }", Some("{ name: `new` }")),
        ("{ name: 'older' } { name:\n  'old' }", Some("{ name: 'older' } { name:\n  'new' }")),
        ("{ name: old }", None),
        ("{ 'name': \"other\" }", None),
        ("name:", None),
    ] {
        assert_eq!(renamed(text, "old", "new").as_deref(), expected, "{text}");
    }
}

#[test]
fn a_definition_says_what_the_type_is() {
    let lists = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let full = AgentType {
        description: "Reviews: \"all\" of it, # really".into(),
        system: Some("Be brief.\n\n- one\n- two".into()),
        model: Some("large".into()),
        effort: Some("high".into()),
        isolation: Some("worktree".into()),
        tools: Some(lists(&["Read", "Bash", "exec", "mcp__git__log", "git/log"])),
        disallowed_tools: lists(&["Write"]),
        max_turns: Some(7),
        skills: lists(&["style"]),
        ..AgentType::default()
    };
    let plain = AgentType { description: "Plain.".into(), ..AgentType::default() };
    for agent_type in [&full, &plain] {
        let text = definition::text("reviewer", agent_type).unwrap();
        let read = crate::project::agents::read_text(&text).unwrap();
        assert_eq!(read, ("reviewer".to_owned(), agent_type.clone()), "{text}");
    }
    // What a definition has no word for is not written as something else.
    let narrowed = AgentType { read: Some(lists(&["docs/**"])), ..plain.clone() };
    let nameless = AgentType { description: String::new(), ..plain.clone() };
    let spaced = AgentType { system: Some(" x ".into()), ..plain };
    for agent_type in [narrowed, nameless, spaced] {
        assert_eq!(definition::text("reviewer", &agent_type), None);
    }
}

#[test]
fn links_and_other_files_are_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join(".baton/workflows");
    let file = |name: &str| (dir.join(name), b"new".to_vec());
    let kept = Kept::write(&[file("a.js")], false).unwrap();
    assert_eq!(kept.files, [(dir.join("a.js"), State::Written)]);
    let again = Kept::write(&[file("a.js")], false).unwrap();
    assert_eq!(again.files[0].1, State::Same);
    again.take_back();
    assert_eq!(fs::read(dir.join("a.js")).unwrap(), b"new");

    fs::write(dir.join("b.js"), "mine").unwrap();
    // All or nothing.
    assert!(Kept::write(&[file("0.js"), file("b.js")], false).is_err());
    assert!(!dir.join("0.js").exists());
    let kept = Kept::write(&[file("0.js"), file("b.js")], true).unwrap();
    assert_eq!(kept.files[1].1, State::Replaced);
    kept.take_back();
    assert!(!dir.join("0.js").exists());
    assert_eq!(fs::read(dir.join("b.js")).unwrap(), b"mine");

    let outside = temp.path().join("outside.js");
    fs::write(&outside, "outside").unwrap();
    symlink(&outside, dir.join("c.js")).unwrap();
    symlink(temp.path().join("nowhere"), dir.join("d.js")).unwrap();
    fs::create_dir(dir.join("e.js")).unwrap();
    for name in ["c.js", "d.js", "e.js"] {
        assert!(Kept::write(&[file(name)], true).is_err(), "{name}");
    }
    assert_eq!(fs::read(&outside).unwrap(), b"outside");
    for (level, link) in [("one", ".baton"), ("two/.baton", "workflows")] {
        let parent = temp.path().join(level);
        fs::create_dir_all(&parent).unwrap();
        symlink(temp.path(), parent.join(link)).unwrap();
        let path = temp.path().join(level.split('/').next().unwrap()).join(".baton/workflows/x.js");
        assert!(Kept::write(&[(path, b"x".to_vec())], true).is_err(), "{level}");
    }
    assert!(!temp.path().join("x.js").exists());
}
