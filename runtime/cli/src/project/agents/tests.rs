#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

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
        (".claude/agents/6.md", "---\nname: six\ndescription: use when: always\n---\n"),
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
        ("tools: mcp__a, mcp__a__x, mcp__ab\ndisallowedTools: mcp__a", "mcp__ab"),
        ("tools: mcp__a, mcp__a__x, Read\ndisallowedTools: mcp__a__*", "Read"),
        ("tools: mcp__a__x, mcp__a__y\ndisallowedTools: mcp__a__x", "mcp__a__y"),
        ("tools: mcp__a, mcp__b__x, Read\ndisallowedTools: 'mcp__*'", "Read"),
    ] {
        let tools = parsed(fields).unwrap().agent_type.tools.unwrap();
        assert_eq!(tools.join(" "), left, "{fields}");
    }
    for fields in ["", "tools: '*'", "disallowedTools: Bash"] {
        assert_eq!(parsed(fields).unwrap().agent_type.tools, None, "{fields}: all are inherited");
    }
    assert_eq!(parsed("disallowedTools: Bash").unwrap().agent_type.disallowed_tools, ["Bash"]);
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
         mcpServers: [x]\npermissionMode: plan\nnonsense: 1",
    )
    .unwrap();
    assert_eq!(agent.agent_type.model.as_deref(), Some("inherit"));
    assert_eq!(agent.agent_type.effort.as_deref(), Some("high"));
    assert_eq!(agent.agent_type.isolation.as_deref(), Some("worktree"));
    assert_eq!(agent.agent_type.system.as_deref(), Some("body"));
    // D188: what plugins may not bring is not obeyed from anybody.
    assert_eq!(
        agent.notes,
        [
            "`hooks` has no effect here",
            "`mcpServers` has no effect here",
            "`nonsense` is not a known field",
            "`permissionMode` has no effect here",
        ]
    );
    let odd = parsed("effort: huge").unwrap();
    assert_eq!(odd.agent_type.effort, None);
    assert_eq!(odd.notes, ["`effort: huge` is none of low, medium, high, xhigh, max"]);
}
