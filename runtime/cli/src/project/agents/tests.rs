//! Agent definitions as they are found and read.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use super::definition::{DEFINITION_BYTES_MAX, Read, definition};
use super::*;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn load(&self, here: &str) -> AgentTypes {
        let home = self.0.path().join("home").into_os_string();
        let places = Places::around(&self.0.path().join(here), |name| {
            (name == "HOME").then(|| home.clone())
        });
        AgentTypes::load(&places)
    }
}

fn named(name: &str, description: &str) -> String {
    format!("---\nname: {name}\ndescription: {description}\n---\nYou are {name}.\n")
}

fn parsed(fields: &str) -> Read {
    let text = format!("---\nname: x\ndescription: d\n{fields}\n---\nbody\n");
    definition(&text, Path::new("x.md"), Place::Project)
}

#[test]
fn built_in_types_are_there_and_can_be_replaced() {
    let names: Vec<String> = Tree::new(&[]).load("").known.into_keys().collect();
    assert_eq!(names, ["Explore", "Plan", "claude", "general-purpose", "workflow-subagent"]);
    let mine = named("Explore", "mine");
    let types = Tree::new(&[(".claude/agents/e.md", &mine)]).load("");
    let explore = types.known.get("Explore").unwrap();
    assert_eq!(explore.agent_type.description, "mine");
    assert_eq!(explore.agent_type.system.as_deref(), Some("You are Explore."));
    assert!(types.unloaded.is_empty());
}

/// D182.
#[test]
fn files_that_define_nothing_are_listed_with_the_reason() {
    let large = "x".repeat(usize::try_from(DEFINITION_BYTES_MAX).unwrap() + 1);
    let tree = Tree::new(&[
        (".claude/agents/1.md", "# About these agents\n"),
        (".claude/agents/2.md", "---\ndescription: d\n---\n"),
        (".claude/agents/3.md", "---\nname: three\n---\n"),
        (".claude/agents/4.md", "---\nname: a:b\ndescription: d\n---\n"),
        (".claude/agents/5.md", "---\nname: -five\ndescription: d\n---\n"),
        (".claude/agents/6.md", "---\nname: [six\ndescription: use when: always\n---\n"),
        (".claude/agents/7.md", &large),
        (".claude/agents/notes.txt", "not looked at"),
    ]);
    let types = tree.load("");
    assert_eq!(types.known.values().filter(|known| known.path.is_some()).count(), 0);
    let reasons: Vec<&str> = types.unloaded.iter().map(|file| file.reason.as_str()).collect();
    assert_eq!(
        reasons[..5],
        [
            "it has no front matter",
            "it has no `name`: taken for documentation",
            "it has no `description`",
            "the name `a:b` begins with `-` or contains `:`",
            "the name `-five` begins with `-` or contains `:`",
        ]
    );
    assert!(reasons[5].starts_with("line 3: the front matter is not YAML"), "{}", reasons[5]);
    assert_eq!(reasons[6], "65537 bytes, where a definition has at most 65536");
    assert_eq!(reasons.len(), 7);
}

/// D183.
#[test]
fn the_name_counts_and_the_closest_folder_wins() {
    let tree = Tree::new(&[
        (".claude/agents/review/x.md", &named("y", "far")),
        ("a/.claude/agents/other.md", &named("y", "near")),
        ("a/.baton/agents/again.md", &named("z", "baton")),
        ("a/.claude/agents/z.md", &named("z", "claude")),
        ("home/.claude/agents/z.md", &named("z", "user")),
        ("home/.claude/agents/u.md", &named("u", "user")),
    ]);
    let described = |here: &str, name: &str| {
        tree.load(here).known.get(name).map(|known| known.agent_type.description.clone())
    };
    assert_eq!(described("", "y").as_deref(), Some("far"));
    assert_eq!(described("", "x"), None);
    assert_eq!(described("a", "y").as_deref(), Some("near"));
    assert_eq!(described("a", "z").as_deref(), Some("baton"));
    assert_eq!(described("a", "u").as_deref(), Some("user"));
    assert!(tree.load("a").unloaded.iter().all(|file| file.shadowed));
}

/// D184.
#[test]
fn two_files_with_one_name_in_one_tree_the_first_by_path_wins() {
    let tree = Tree::new(&[
        (".claude/agents/b.md", &named("twin", "second")),
        (".claude/agents/a/z.md", &named("twin", "first")),
    ]);
    let types = tree.load("");
    assert_eq!(types.known.get("twin").unwrap().agent_type.description, "first");
    let [clash] = types.unloaded.as_slice() else { unreachable!("{:?}", types.unloaded) };
    assert!(clash.path.ends_with("b.md") && !clash.shadowed);
    assert!(clash.reason.ends_with("a/z.md has the same name and comes first"));
}

/// D185, D187.
#[test]
fn disallowed_tools_are_taken_away_first() {
    for (fields, left) in [
        ("tools: Read, Write\ndisallowedTools: Write", "Read"),
        ("tools: [Read, Grep]\ndisallowedTools: [Bash]", "Read Grep"),
        ("tools: 'Agent(a, b), Read'\ndisallowedTools: Agent", "Read"),
        ("tools: 'Bash(git:*), Read'\ndisallowedTools: Bash", "Read"),
        ("tools: mcp__a, mcp__a__x, mcp__ab\ndisallowedTools: mcp__a", "mcp__ab ab/*"),
        ("tools: mcp__a, mcp__a__x, Read\ndisallowedTools: mcp__a__*", "Read"),
        ("tools: mcp__a__x, mcp__a__y\ndisallowedTools: mcp__a__x", "mcp__a__y a/y"),
        ("tools: mcp__a, mcp__b__x, Read\ndisallowedTools: 'mcp__*'", "Read"),
    ] {
        let tools = parsed(fields).unwrap().agent_type.tools.unwrap();
        assert_eq!(tools.join(" "), left, "{fields}");
    }
    for fields in ["", "tools: '*'", "disallowedTools: Bash"] {
        assert_eq!(parsed(fields).unwrap().agent_type.tools, None, "{fields}: all are inherited");
    }
    let taken = parsed("disallowedTools: Bash").unwrap().agent_type.disallowed_tools;
    assert_eq!(taken, ["Bash", "exec"]);
}

/// D186.
#[test]
fn tools_that_leave_nothing_are_refused_with_their_entries() {
    for (fields, reason) in [
        ("tools: Write\ndisallowedTools: Write", "its `tools` leave nothing to use: Write"),
        (
            "tools: mcp__a, mcp__b\ndisallowedTools: 'mcp__*'",
            "its `tools` leave nothing to use: mcp__a, mcp__b",
        ),
        ("tools: []", "its `tools` leave nothing to use: none"),
        ("tools:", "its `tools` leave nothing to use: none"),
    ] {
        assert_eq!(parsed(fields).unwrap_err().1, reason, "{fields}");
    }
}

#[test]
fn fields_become_the_type_and_others_are_noted() {
    let agent = parsed(
        "model: inherit\neffort: high\nisolation: worktree\ncolor: red\nhooks: { a: [b] }\n\
         mcpServers: [x]\npermissionMode: plan\nmaxTurns: 7\nskills: [s, t]\nnonsense: 1",
    )
    .unwrap();
    assert_eq!(agent.agent_type.model.as_deref(), Some("inherit"));
    assert_eq!(agent.agent_type.effort.as_deref(), Some("high"));
    assert_eq!(agent.agent_type.isolation.as_deref(), Some("worktree"));
    assert_eq!(agent.agent_type.system.as_deref(), Some("body"));
    assert_eq!(agent.agent_type.max_turns, Some(7));
    assert_eq!(agent.agent_type.skills, ["s", "t"]);
    assert!(agent.agent_type.tools.unwrap().contains(&"x/*".to_owned()));
    assert!(agent.agent_type.disallowed_tools.contains(&"Write".to_owned()), "plan mode");
    assert_eq!(agent.notes, ["`hooks` has no effect here", "`nonsense` is not a known field",]);
    let odd = parsed("effort: huge").unwrap();
    assert_eq!(odd.agent_type.effort, None);
    assert_eq!(odd.notes, ["`effort: huge` is none of low, medium, high, xhigh, max"]);
}

/// D182 is about what cannot be read at all: a slip that leaves name and description is none.
#[test]
fn front_matter_that_is_no_yaml_is_read_line_by_line() {
    let text =
        "---\nname: r\ndescription: Looks. Re: \"x\"\ntools: Read, Grep\nmodel: opus\n---\nbody";
    let found = definition(text, Path::new("r.md"), Place::Project).unwrap();
    assert_eq!(found.name, "r");
    assert_eq!(found.agent_type.description, "Looks. Re: \"x\"");
    assert_eq!(found.agent_type.tools.as_deref(), Some(&["Read".to_owned(), "Grep".into()][..]));
    assert_eq!(found.agent_type.model.as_deref(), Some("opus"));
    assert_eq!(found.agent_type.system.as_deref(), Some("body"));
    let [note] = found.notes.as_slice() else { unreachable!("{:?}", found.notes) };
    assert!(note.starts_with("line 3: the front matter is not YAML: "), "{note}");
    assert!(note.ends_with("; its lines are taken as they stand"), "{note}");
    for (text, name) in [
        ("---\nname: [a\ndescription: d: e\n---\n", None),
        ("---\nname: a\nwords: b: c\n---\n", Some("a")),
    ] {
        let (found, reason) = definition(text, Path::new("x.md"), Place::Project).unwrap_err();
        assert_eq!(found.as_deref(), name);
        assert!(reason.contains("the front matter is not YAML"), "{reason}");
    }
}

#[test]
fn an_isolation_that_is_not_there_is_noted_and_does_no_harm() {
    for (field, isolation, note) in [
        ("isolation: worktree", Some("worktree"), None),
        ("isolation:", None, None),
        ("isolation: none", None, Some("`isolation: none` has no effect: it is not `worktree`")),
        ("isolation: false", None, Some("`isolation: false` has no effect: it is not `worktree`")),
        ("isolation: [worktree]", None, Some("`isolation` has no effect: it is not `worktree`")),
    ] {
        let found = parsed(field).unwrap();
        assert_eq!(found.agent_type.isolation.as_deref(), isolation, "{field}");
        assert_eq!(found.notes, note.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
}

/// D181, D188: the parts of a plugin are called by its name, and do no more than others.
#[test]
fn agent_types_of_plugins_are_called_by_the_plugin() {
    let hooked = "---\nname: hooked\ndescription: d\nhooks: {}\nmcpServers: [a]\npermissionMode: plan\n---\n";
    let tree = Tree::new(&[
        (".claude-plugin/plugin.json", r#"{ "name": "p", "agents": ["./more", "./agents/x.md"] }"#),
        ("agents/x.md", &named("x", "own")),
        ("agents/review/deep/s.md", &named("sec", "in folders")),
        ("agents/odd:one/s.md", &named("odd", "d")),
        ("agents/hooked.md", hooked),
        ("agents/notes.md", "# Notes\n"),
        ("more/x.md", &named("x", "again")),
        ("more/y.md", &named("y", "more")),
        (".claude/agents/x.md", &named("x", "of the project")),
        ("a/.claude-plugin/plugin.json", r#"{ "name": "p" }"#),
        ("a/agents/y.md", &named("y", "nearer")),
    ]);
    let described = |here: &str, name: &str| {
        tree.load(here).known.get(name).map(|known| known.agent_type.description.clone())
    };
    for (here, name, description) in [
        ("", "x", Some("of the project")),
        ("", "p:x", Some("own")),
        ("", "p:review:deep:sec", Some("in folders")),
        ("", "p:sec", None),
        ("", "sec", None),
        ("", "p:y", Some("more")),
        ("a", "p:y", Some("nearer")),
        ("a", "p:x", Some("own")),
    ] {
        assert_eq!(described(here, name).as_deref(), description, "{here} {name}");
    }
    let types = tree.load("");
    let hooked = types.known.get("p:hooked").unwrap();
    assert_eq!(hooked.place, Place::Plugin);
    assert_eq!(hooked.notes.len(), 3, "{:?}", hooked.notes);
    let reasons: Vec<&str> = types.unloaded.iter().map(|file| file.reason.as_str()).collect();
    assert_eq!(reasons[0], "it has no front matter");
    assert_eq!(reasons[1], "its folder `odd:one` cannot be part of a name");
    assert!(reasons[2].ends_with("agents/x.md is nearer"), "{}", reasons[2]);
    assert_eq!(reasons.len(), 3);
}

#[test]
fn folders_of_a_plugin_lie_inside_of_it() {
    let tree = Tree::new(&[
        ("p/.claude-plugin/plugin.json", r#"{ "name": "p", "agents": ["../out", "/"] }"#),
        ("out/x.md", &named("x", "outside")),
    ]);
    let types = tree.load("p");
    assert!(!types.known.contains_key("p:x"));
    let reasons: Vec<&str> = types.unloaded.iter().map(|file| file.reason.as_str()).collect();
    assert_eq!(reasons, ["a link that leads out of the project is not followed"; 2]);
}

#[test]
fn a_file_that_seems_to_define_a_type_is_named_when_the_type_is_missing() {
    let tree = Tree::new(&[
        (".claude/agents/reviewer.md", "# Reviews\n"),
        (".claude/agents/n.md", "---\nname: named\n---\n"),
        (".claude-plugin/plugin.json", "{"),
    ]);
    let types = tree.load("");
    let places = Places::around(tree.0.path(), |_| None);
    for (name, why) in [
        ("reviewer", Some(".claude/agents/reviewer.md was not loaded: it has no front matter")),
        ("named", Some(".claude/agents/n.md was not loaded: it has no `description`")),
        ("n", None),
        ("other", None),
        (
            "p:x",
            Some(
                ".claude-plugin/plugin.json was not loaded: not the manifest of a plugin: EOF while \
                 parsing an object at line 1 column 1",
            ),
        ),
    ] {
        assert_eq!(types.why_not(name, &places).as_deref(), why, "{name}");
    }
}
