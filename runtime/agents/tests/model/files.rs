//! The built-in tools, and what they keep an agent from.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use baton_core::manifest::AgentType;
use baton_core::scope::{Authority, Capability, PathScope};
use serde_json::{Value, json};

use crate::world::{World, call, calls, open, says, submits};

/// Makes one call, and brings what the model was told: whether it failed, and the text.
async fn one(world: &mut World, name: &str, input: Value) -> (bool, String) {
    let turns = world.asked().len();
    world.script([calls([call(name, input)]), says("done")]);
    world.meter = baton_agents::model::FreeMeter::new();
    world.perform().await.unwrap();
    assert_eq!(world.asked().len(), turns + 2);
    let result = world.results().remove(0);
    (result.failed, result.content)
}

#[tokio::test]
async fn reading() {
    let mut world = World::new(&[("a.txt", "one\ntwo\nthree\n"), ("empty", "")]);
    fs::write(world.root().join("binary"), [0xff, 0xfe]).unwrap();
    for (input, failed, text) in [
        (json!({ "path": "a.txt" }), false, "     1\tone\n     2\ttwo\n     3\tthree\n"),
        (json!({ "path": "./a.txt", "first": 2 }), false, "     2\ttwo\n     3\tthree\n"),
        (
            json!({ "path": "a.txt", "first": 2, "last": 2 }),
            false,
            "     2\ttwo\n[the file has 3 lines]",
        ),
        (
            json!({ "path": "a.txt", "last": 99 }),
            false,
            "     1\tone\n     2\ttwo\n     3\tthree\n",
        ),
        (json!({ "path": "a.txt", "first": 4 }), true, "there are no such lines: the file has 3"),
        (json!({ "path": "a.txt", "first": 0 }), true, "there are no such lines: the file has 3"),
        (json!({ "path": "empty" }), false, "[the file is empty]"),
        (json!({ "path": "binary" }), true, "\"binary\" is not a text file"),
    ] {
        assert_eq!(one(&mut world, "read_file", input).await, (failed, text.to_owned()));
    }
    assert!(world.denied().is_empty());
    let (failed, text) = one(&mut world, "read_file", json!({ "file": "a.txt" })).await;
    assert!(failed && text.contains("unknown field `file`"), "{text}");
    let (failed, text) = one(&mut world, "read_file", json!(["a.txt"])).await;
    assert!(failed && text.contains("not an object"), "{text}");
}

#[tokio::test]
async fn results_are_cut_with_a_mark() {
    let long = "0123456789\n".repeat(1_000);
    let mut world = World::new(&[("long", &long), ("one-line", &"y".repeat(5_000))]);
    for number in 0..100 {
        fs::write(world.root().join(format!("file-{number:03}")), "needle").unwrap();
    }
    let mut limits = *world.job.limits;
    limits.model.result_bytes = 1_000;
    world.job.limits = limits.into();
    let (_, text) = one(&mut world, "read_file", json!({ "path": "long" })).await;
    assert!(text.ends_with("\n[cut: the file has 1000 lines; read on from line 56]"), "{text}");
    let (_, text) = one(&mut world, "read_file", json!({ "path": "long", "first": 56 })).await;
    assert!(text.starts_with("    56\t0123456789\n"), "{text}");
    let (_, text) = one(&mut world, "read_file", json!({ "path": "one-line" })).await;
    assert!(text.contains("[cut: "), "{text}");
    let (_, text) = one(&mut world, "list_files", json!({})).await;
    assert!(text.contains("of 102 shown; narrow the patterns]"), "{text}");
    let (_, text) = one(&mut world, "search", json!({ "expression": "needle" })).await;
    assert!(text.contains("of 100 shown; narrow the patterns]"), "{text}");
    assert!(text.len() < 1_100);
    world.tools(&[("big/one", Ok(json!("z".repeat(2_000))))]);
    let (_, text) = one(&mut world, "big__one", json!({})).await;
    assert!(text.ends_with("z\n[cut: 1000 of 2000 bytes shown]"), "{text}");
}

#[tokio::test]
async fn listing_and_searching() {
    let files = [
        ("src/a.rs", "fn one() {}\n"),
        ("src/b.md", "x\nfn two\n"),
        (".hidden", "fn"),
        ("private/p.rs", "fn"),
    ];
    let mut world = World::new(&files);
    for (tool, input, expected) in [
        ("list_files", json!({}), "src/a.rs  12\nsrc/b.md  9\n"),
        ("list_files", json!({ "patterns": ["./src/*.rs"] }), "src/a.rs  12\n"),
        (
            "list_files",
            json!({ "hidden": true, "directories": true }),
            ".hidden  2\nsrc/\nsrc/a.rs  12\nsrc/b.md  9\n",
        ),
        ("list_files", json!({ "patterns": ["none/**"] }), "[no files match]"),
        (
            "search",
            json!({ "expression": "fn \\w+" }),
            "src/a.rs:1: fn one() {}\nsrc/b.md:2: fn two\n",
        ),
        ("search", json!({ "expression": "fn", "patterns": ["**/*.md"] }), "src/b.md:2: fn two\n"),
        ("search", json!({ "expression": "nowhere" }), "[nothing matches]"),
    ] {
        assert_eq!(one(&mut world, tool, input).await, (false, expected.to_owned()));
    }
    let (failed, text) = one(&mut world, "search", json!({ "expression": "(" })).await;
    assert!(failed && text.contains("bad-expression"), "{text}");
}

#[tokio::test]
async fn editing_and_writing() {
    let mut world = World::new(&[("a.txt", "one two two\n")]);
    world.writable();
    for (tool, input, failed, says) in [
        ("edit_file", json!({ "path": "a.txt", "old": "one", "new": "1" }), false, "replaced"),
        ("edit_file", json!({ "path": "a.txt", "old": "two", "new": "2" }), true, "2 times"),
        (
            "edit_file",
            json!({ "path": "a.txt", "old": "two", "new": "2", "all": true }),
            false,
            "2 times",
        ),
        (
            "edit_file",
            json!({ "path": "a.txt", "old": "three", "new": "3" }),
            true,
            "not in the file",
        ),
        ("edit_file", json!({ "path": "a.txt", "old": "", "new": "3" }), true, "empty"),
        ("edit_file", json!({ "path": "a.txt", "old": "1", "new": "1" }), true, "same"),
        ("edit_file", json!({ "path": "none", "old": "1", "new": "2" }), true, "not-found"),
        ("write_file", json!({ "path": "deep/er/b.txt", "text": "B" }), false, "new"),
        ("write_file", json!({ "path": "deep/er/b.txt", "text": "BB" }), false, "over"),
    ] {
        let (has_failed, text) = one(&mut world, tool, input.clone()).await;
        assert!(has_failed == failed && text.contains(says), "{input}: {text}");
    }
    assert_eq!(world.read("a.txt"), "1 2 2\n");
    assert_eq!(world.read("deep/er/b.txt"), "BB");
    assert_eq!(world.complete(), Some(false), "what it did is more than what it read");
}

#[tokio::test]
async fn nothing_outside_is_read_or_written() {
    let mut world = World::new(&[("a.txt", "A"), ("private/k.txt", "K")]);
    let outside = world.directory.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret.txt"), "SECRET").unwrap();
    let root = world.root();
    symlink(&outside, root.join("out")).unwrap();
    symlink(outside.join("secret.txt"), root.join("link.txt")).unwrap();
    symlink("private/k.txt", root.join("inner.txt")).unwrap();
    symlink("nowhere.txt", root.join("dangling.txt")).unwrap();
    symlink(outside.join("made"), root.join("made")).unwrap();
    world.writable();
    let mut denied = 0;
    for path in [
        "../outside/secret.txt",
        "out/secret.txt",
        "out/new.txt",
        "link.txt",
        "inner.txt",
        "private/k.txt",
        "private/new.txt",
        "/etc/passwd",
        "a/../../outside/secret.txt",
        "made",
        "made/x",
        "/proc/self/root/etc/passwd",
        outside.join("secret.txt").to_str().unwrap(),
    ] {
        for (tool, input) in [
            ("read_file", json!({ "path": path })),
            ("edit_file", json!({ "path": path, "old": "S", "new": "s" })),
            ("write_file", json!({ "path": path, "text": "X" })),
        ] {
            let (failed, text) = one(&mut world, tool, input).await;
            assert!(failed && !text.contains("SECRET"), "{tool} {path}: {text}");
            denied = world.denied().len();
        }
    }
    assert!(denied >= 30, "{denied} denials were told");
    let capabilities: Vec<Capability> = world.denied().iter().map(|one| one.capability).collect();
    assert!(capabilities.contains(&Capability::Read) && capabilities.contains(&Capability::Write));
    let (failed, text) =
        one(&mut world, "write_file", json!({ "path": "dangling.txt", "text": "X" })).await;
    assert!(failed && text.contains("link-dangling"), "{text}");
    assert_eq!(fs::read_to_string(outside.join("secret.txt")).unwrap(), "SECRET");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(world.read("private/k.txt"), "K");
    assert_eq!(fs::read_dir(root.join("private")).unwrap().count(), 1);
    assert!(!root.join("nowhere.txt").exists());
    for pattern in ["private/**", "out/**", "**/*.txt"] {
        let (_, text) =
            one(&mut world, "search", json!({ "expression": "SECRET|K", "patterns": [pattern] }))
                .await;
        assert!(!text.contains("SECRET") && !text.contains("private"), "{text}");
    }
}

#[tokio::test]
async fn what_an_agent_may_touch_by_itself_counts_beside_its_scope() {
    let mut world = World::new(&[("a/x", "A"), ("b/x", "B"), ("c/x", "C")]);
    let only = |pattern: &str| PathScope::default().narrowed(&[pattern.to_owned()]);
    let mut scope = (*world.job.scope).clone();
    scope.read = only("a/**");
    world.job.scope = Arc::new(scope);
    assert_eq!(one(&mut world, "list_files", json!({})).await.1, "a/x  1\n");
    assert_eq!(world.complete(), Some(true));
    let authority = Authority { read: only("b/**"), write: only("c/**"), ..Authority::default() };
    world.job.authority = Arc::new(authority);
    assert_eq!(one(&mut world, "list_files", json!({})).await.1, "a/x  1\nb/x  1\nc/x  1\n");
    assert_eq!(
        one(&mut world, "search", json!({ "expression": "[A-C]" })).await.1,
        "a/x:1: A\nb/x:1: B\nc/x:1: C\n"
    );
    assert_eq!(world.complete(), Some(false), "its scope alone does not bring that again");
    for (path, may) in [("a/x", false), ("b/x", false), ("c/x", true), ("c/y", true)] {
        assert!(!one(&mut world, "read_file", json!({ "path": "b/x" })).await.0);
        let (failed, text) =
            one(&mut world, "write_file", json!({ "path": path, "text": "Z" })).await;
        assert_eq!(failed, !may, "{path}: {text}");
    }
}

#[tokio::test]
async fn a_task_works_in_a_tree_of_its_own() {
    let mut world = World::new(&[("a", "granted")]);
    world.writable();
    let tree = world.directory.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("a"), "own").unwrap();
    world.job.root = Some(tree.clone());
    assert_eq!(one(&mut world, "read_file", json!({ "path": "a" })).await.1, "     1\town\n");
    assert!(!one(&mut world, "write_file", json!({ "path": "a", "text": "new" })).await.0);
    assert_eq!(fs::read_to_string(tree.join("a")).unwrap(), "new");
    assert_eq!(world.read("a"), "granted");
    assert_eq!(world.complete(), Some(false));
}

#[tokio::test]
async fn definitions_say_which_tools_there_are() {
    let all = ["read_file", "list_files", "search", "edit_file", "write_file", "skill", "submit"];
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    type Names<'a> = &'a [&'a str];
    let cases: [(Option<Names<'_>>, Names<'_>, Names<'_>); 10] = [
        (None, &[], &all),
        (Some(&["Read"]), &[], &["read_file", "submit"]),
        (Some(&["Read", "Grep", "Glob"]), &[], &["read_file", "list_files", "search", "submit"]),
        (Some(&["LS", "Write"]), &[], &["list_files", "write_file", "submit"]),
        (Some(&["read_file", "MultiEdit"]), &[], &["read_file", "edit_file", "submit"]),
        (
            Some(&["*"]),
            &["Edit", "Write"],
            &["read_file", "list_files", "search", "skill", "submit"],
        ),
        (Some(&["Read", "Skill"]), &["Read"], &["skill", "submit"]),
        (Some(&["Read(docs/**)"]), &[], &["submit"]),
        (Some(&["git/*"]), &[], &["submit"]),
        (None, &["*"], &["submit"]),
    ];
    for (tools, disallowed, expected) in cases {
        let mut world = World::new(&[]);
        world.writable();
        world.skill("s", "text");
        let tools = tools.map(list);
        let disallowed_tools = list(disallowed);
        world.definition(AgentType { tools, disallowed_tools, ..AgentType::default() });
        world.script([submits(json!("x"))]);
        world.perform().await.unwrap();
        let asked = world.asked();
        let offered: Vec<&str> = asked[0].tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(offered, expected);
    }
}

#[tokio::test]
async fn without_a_grant_there_is_nothing_to_read() {
    let mut world = World::new(&[("a", "A")]);
    world.job.scope = Arc::default();
    world.script([calls([call("read_file", json!({ "path": "a" }))]), submits(json!("x"))]);
    world.perform().await.unwrap();
    let offered: Vec<String> =
        world.asked()[0].tools.iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(offered, ["submit"]);
    assert!(world.results()[0].failed);
    assert_eq!(world.denied()[0].code, "tool-not-granted");
    let mut world = World::new(&[("a", "A")]);
    world.job.authority = Arc::new(Authority { write: Some(open()), ..Authority::default() });
    world.job.scope = Arc::default();
    assert_eq!(one(&mut world, "read_file", json!({ "path": "a" })).await.1, "     1\tA\n");
}
