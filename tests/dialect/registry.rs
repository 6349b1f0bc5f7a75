//! Finding workflows and agent definitions.

use serde_json::{Value, json};

use crate::case::{cases, script, steps, workflow};

fn row<'a>(rows: &'a [Value], path: &str) -> &'a Value {
    rows.iter()
        .find(|row| row["path"].as_str().is_some_and(|found| found.ends_with(path)))
        .unwrap_or_else(|| panic!("{path}: {rows:#?}"))
}

fn definition(name: &str, body: &str) -> String {
    format!("---\nname: {name}\ndescription: Does it.\n---\n{body}\n")
}

/// The system prompt of an agent type, as an agent of that type sees it.
const SYSTEM: &str =
    "return JSON.parse(await agent('facts', { agentType: 'y' })).options.system.trim()";

cases! {
    /// The project beats the person; the nearest directory beats farther ones.
    D179_nearest_first: steps(|place| {
        let body = |word: &str| workflow("same", &format!("return '{word}'"));
        let output = |folder: &str| {
            let arguments = ["run", "same", "--yes", "--json"];
            let mut command = place.command(&arguments);
            command.current_dir(place.path(folder));
            place.start_command(command, &arguments).end().report()["output"].clone()
        };
        place.write("sub/deep/readme", "");
        let folders = [
            ("person/.claude/workflows", "claude of the person"),
            ("person/.config/baton/workflows", "baton of the person"),
            (".claude/workflows", "claude of the top"),
            (".baton/workflows", "baton of the top"),
            ("sub/.claude/workflows", "claude of the middle"),
        ];
        for (folder, word) in folders {
            place.write(&format!("{folder}/any.js"), body(word));
            assert_eq!(output("sub/deep"), word);
        }
        assert_eq!(output("."), "baton of the top");
    });

    /// A script is found by the `name` in its `meta`, not by its file.
    D180_names: steps(|place| {
        place.write(".claude/workflows/foo.js", workflow("bar", "return 'found'"));
        assert_eq!(place.say(&["run", "bar", "--yes", "--json"]).report()["output"], "found");
        let said = place.say(&["run", "foo", "--yes", "--json"]);
        assert_ne!(said.exit, 0, "{said:?}");
        assert!(said.stderr.contains("foo"), "{said:?}");
    });

    /// A plugin's workflow is found as `plugin:name`.
    D181_workflows_of_plugins: steps(|place| {
        place.write(".claude-plugin/plugin.json", r#"{"name":"tools","version":"1.0.0"}"#);
        place.write("workflows/any.js", workflow("flow", "return [args ?? 'none', await workflow('tools:other')]"));
        place.write("workflows/other.js", workflow("other", "return 'other'"));
        let said = place.say(&["run", "tools:flow", "--yes", "--json"]);
        assert_eq!(said.report()["output"], json!(["none", "other"]), "{said:?}");
    });

    /// Hooks, servers and permissions of a plugin's agents have no effect.
    D188_agents_of_plugins: script("return JSON.parse(await agent('facts', { agentType: 'tools:y' })).options.system.trim()")
        .with(".claude-plugin/plugin.json", r#"{"name":"tools"}"#)
        .with("agents/y.md", "---\nname: y\ndescription: d\npermissionMode: bypassPermissions\nhooks: {}\n---\nOf a plugin.\n")
        .done(json!("Of a plugin."))
        .also(|ended| {
            let rows = ended.place.lines(&["list", "--agents", "--json"]);
            let notes = row(&rows, "agents/y.md")["notes"].to_string();
            assert!(notes.contains("hooks") && notes.contains("permissionMode"), "{notes}");
        });

    /// Definitions that cannot be used are listed with the reason.
    D182_definitions_that_are_not_loaded: steps(|place| {
        for (file, text, _) in BROKEN {
            place.write(&format!(".claude/agents/{file}.md"), text);
        }
        place.write(".claude/agents/good.md", definition("good", "Good."));
        let rows = place.lines(&["list", "--agents", "--json"]);
        for (file, _, word) in BROKEN {
            let row = row(&rows, &format!("agents/{file}.md"));
            assert!(["invalid", "skipped"].contains(&row["state"].as_str().unwrap()), "{row}");
            assert!(row["reason"].as_str().unwrap().contains(word), "{row}");
        }
        assert_eq!(row(&rows, "agents/good.md")["state"], "ready");
    });

    /// An agent type is what its `name` says, wherever its file is; the nearest directory wins.
    D183_names_of_agent_types: vec![
        script(SYSTEM).with(".claude/agents/review/x.md", definition("y", "From the folder."))
            .done(json!("From the folder.")),
        script(SYSTEM).with(".claude/agents/x.md", definition("y", "Claude."))
            .with(".baton/agents/x.md", definition("y", "Baton."))
            .with("person/.claude/agents/x.md", definition("y", "Person."))
            .done(json!("Baton.")),
        script(SYSTEM).with("person/.claude/agents/x.md", definition("y", "Person."))
            .done(json!("Person.")),
        script("return JSON.parse(await agent('facts', { agentType: 'Explore' })).options.system.trim()")
            .with(".claude/agents/x.md", definition("Explore", "My own."))
            .done(json!("My own.")),
    ];

    /// Of two files with one name in one tree the first by path is used, with a warning.
    D184_two_of_one_name: vec![
        script(SYSTEM).with(".claude/agents/a.md", definition("y", "First."))
            .with(".claude/agents/b.md", definition("y", "Second.")).done(json!("First."))
            .also(|ended| {
                let rows = ended.place.lines(&["list", "--agents", "--json"]);
                let second = row(&rows, "agents/b.md");
                assert!(["clash", "invalid"].contains(&second["state"].as_str().unwrap()), "{second}");
                assert!(second["reason"].as_str().unwrap().contains("a.md"), "{second}");
            }),
        script("return await workflow('same')")
            .with(".claude/workflows/a.js", workflow("same", "return 'first'"))
            .with(".claude/workflows/b.js", workflow("same", "return 'second'"))
            .done(json!("first"))
            .also(|ended| {
                let rows = ended.place.lines(&["list", "--json"]);
                assert_eq!(row(&rows, "workflows/b.js")["state"], "clash");
            }),
    ];

    /// Tools that leave nothing to use are refused, and named.
    D186_tools_that_leave_nothing: script("return await caught(agent('say x', { agentType: 'y' }))")
        .with(".claude/agents/y.md",
              "---\nname: y\ndescription: d\ntools: Bash, mcp__srv__one\ndisallowedTools: Bash, mcp__srv\n---\nx\n")
        .caught("", "WorkflowAgentTypeError", &["y"]).calls(0)
        .also(|ended| {
            let rows = ended.place.lines(&["list", "--agents", "--json"]);
            let reason = row(&rows, "agents/y.md")["reason"].as_str().unwrap();
            assert!(reason.contains("Bash") && reason.contains("mcp__srv__one"), "{reason}");
        });
}

/// Files of agent definitions, their text, and a word of the reason why they are passed over.
const BROKEN: &[(&str, &str, &str)] = &[
    ("nameless", "---\ndescription: d\n---\nx\n", "`name`"),
    ("plain", "# Only a document\n", "front matter"),
    ("silent", "---\nname: silent\n---\nx\n", "`description`"),
    ("colon", "---\nname: a:b\ndescription: d\n---\nx\n", "a:b"),
    ("dash", "---\nname: -a\ndescription: d\n---\nx\n", "-a"),
    ("torn", "---\nname: [a\ndescription: d\n---\nx\n", ""),
];
