//! Requests for permission are answered from the scope.

use serde_json::{Value, json};

use crate::world::{World, exec, http};

/// Asks for each, one after the other, and tells which were allowed.
async fn allowed(world: &mut World, tools: &[Value]) -> (Vec<bool>, Vec<String>) {
    let mut prompt = String::new();
    for (number, tool) in tools.iter().enumerate() {
        let mut tool = tool.clone();
        tool["toolCallId"] = json!(format!("tool-{number}"));
        prompt.push_str(&format!("! ask {tool}\n"));
    }
    world.prompt(&prompt);
    let came = world.perform("").await;
    let text = came.text();
    let answers = text.lines().map(|line| match line {
        line if line.contains("\"optionId\":\"b\"") => true,
        line if line.contains("\"optionId\":\"c\"") => false,
        other => panic!("neither once: {other}"),
    });
    (answers.collect(), came.denials.iter().map(|denial| denial.tried.clone()).collect())
}

fn path(kind: &str, path: &str) -> Value {
    json!({ "kind": kind, "title": "x", "locations": [{ "path": path }] })
}

#[tokio::test]
async fn files_are_asked_about_by_their_paths() {
    let mut world = World::new("");
    let (answers, denied) = allowed(
        &mut world,
        &[
            path("read", "ROOT/src/main.rs"),
            path("read", "src/main.rs"),
            path("read", "ROOT/src"),
            path("search", "ROOT/src"),
            path("edit", "ROOT/src/gen/new.rs"),
            json!({ "kind": "edit", "content": [
                { "type": "diff", "path": "ROOT/src/gen/x.rs", "newText": "x" }] }),
            json!({ "kind": "edit", "rawInput": { "file_path": "ROOT/src/gen/x.rs" } }),
            // From here on, none.
            path("read", "ROOT/docs/read.md"),
            path("read", "ROOT/src/.env"),
            path("read", "ROOT/src/../docs/read.md"),
            path("read", "/etc/passwd"),
            path("read", "../../etc/passwd"),
            path("search", "ROOT"),
            path("search", "/"),
            json!({ "kind": "search", "rawInput": { "pattern": "x" } }),
            json!({ "kind": "read" }),
            path("edit", "ROOT/src/main.rs"),
            path("delete", "ROOT/src/main.rs"),
            path("edit", "/etc/passwd"),
            json!({ "kind": "move", "rawInput": {
                "source": "ROOT/src/gen/x", "destination": "ROOT/src/x" } }),
            json!({ "kind": "edit", "locations": [{ "path": "ROOT/src/gen/x" }],
                    "rawInput": { "path": "ROOT/src/main.rs" } }),
        ],
    )
    .await;
    let expected: Vec<bool> = (0..answers.len()).map(|number| number < 7).collect();
    assert_eq!(answers, expected, "{denied:?}");
    assert!(denied.iter().any(|tried| tried.ends_with("docs/read.md")), "{denied:?}");
}

#[tokio::test]
async fn links_do_not_lead_out_of_the_scope() {
    let mut world = World::new("");
    let root = world.root.path();
    std::fs::create_dir_all(root.join("src/gen")).unwrap();
    for (link, target) in
        [("src/out", "/etc"), ("src/gen/docs", "../../docs"), ("src/gen/pass", "/etc/passwd")]
    {
        std::os::unix::fs::symlink(target, root.join(link)).unwrap();
    }
    let (answers, _) = allowed(
        &mut world,
        &[
            path("read", "ROOT/src/out/passwd"),
            path("edit", "ROOT/src/gen/docs/read.md"),
            path("edit", "ROOT/src/gen/docs/new.md"),
            path("edit", "ROOT/src/gen/pass"),
        ],
    )
    .await;
    assert_eq!(answers, [false; 4]);
}

#[tokio::test]
async fn commands_need_a_grant_of_their_argument_list() {
    let run = |input: Value| json!({ "kind": "execute", "title": "ls", "rawInput": input });
    let tools = [
        run(json!({ "command": "ls -l" })),
        run(json!({ "command": ["ls", "-l"] })),
        run(json!({ "command": ["bash", "-lc", "ls -l"], "cwd": "ROOT" })),
        // From here on, none.
        run(json!({ "command": "ls -l; touch x" })),
        run(json!({ "command": "ls $(touch x)" })),
        run(json!({ "command": "ls -l > x" })),
        run(json!({ "command": ["bash", "-lc", "ls -l && touch x"] })),
        run(json!({ "command": "touch x" })),
        run(json!({ "command": "ls -l", "cwd": "/" })),
        run(json!({ "command": 7 })),
        // Its title is no command: it may say anything.
        run(json!({})),
    ];
    let mut world = World::new("");
    let (answers, _) = allowed(&mut world, &tools).await;
    assert_eq!(answers, [false; 11], "nothing was granted");

    world.authority().exec = Some(exec(&["ls -l"]));
    world.authority().read = Some(crate::world::layer(&[]));
    let (answers, denied) = allowed(&mut world, &tools).await;
    let expected: Vec<bool> = (0..11).map(|number| number < 3).collect();
    assert_eq!(answers, expected, "{denied:?}");
}

#[tokio::test]
async fn what_the_agent_could_have_written_itself_is_not_run() {
    let mut world = World::new("");
    let program = world.root.path().join("src/gen/tool");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::copy("/bin/true", &program).unwrap();
    let program = program.to_str().unwrap().to_owned();
    world.authority().exec = Some(exec(&[&program, "true"]));
    let run = |line: &str| json!({ "kind": "execute", "rawInput": { "command": line } });
    let (answers, _) = allowed(&mut world, &[run("true"), run(&program)]).await;
    assert_eq!(answers, [true, false]);
}

#[tokio::test]
async fn requests_need_a_grant_of_their_host() {
    let fetch = |url: &str| json!({ "kind": "fetch", "title": "x", "rawInput": { "url": url } });
    let tools = [
        fetch("https://example.org/page"),
        fetch("https://example.org"),
        fetch("https://EXAMPLE.org:443/x?y"),
        fetch("http://example.org/"),
        fetch("https://example.org:8443/"),
        fetch("https://example.com/"),
        fetch("https://example.org@evil.test/"),
        fetch("file:///etc/passwd"),
        fetch("example.org"),
        json!({ "kind": "fetch", "title": "https://example.org is not said by its input" }),
    ];
    let mut world = World::new("");
    let (answers, _) = allowed(&mut world, &tools).await;
    assert_eq!(answers, [false; 10], "nothing was granted");
    world.authority().http = Some(http(&["GET https://example.org"]));
    let (answers, denied) = allowed(&mut world, &tools).await;
    let expected: Vec<bool> = (0..10).map(|number| number < 3).collect();
    assert_eq!(answers, expected, "{denied:?}");
}

#[tokio::test]
async fn whatever_else_is_refused_and_told() {
    let mut world = World::new("");
    let kinds = ["think", "switch_mode", "other", "of_tomorrow"];
    let tools: Vec<Value> = kinds
        .iter()
        .map(|kind| json!({ "kind": kind, "title": format!("a {kind}") }))
        .chain([json!({ "title": "no kind" })])
        .collect();
    let (answers, denied) = allowed(&mut world, &tools).await;
    assert_eq!(answers, [false; 5]);
    assert_eq!(denied.len(), 5, "{denied:?}");
    assert!(denied.iter().all(|tried| tried.starts_with("the tool ")), "{denied:?}");
}

#[tokio::test]
async fn what_was_said_of_a_tool_before_counts_too() {
    let call = |path: &str| {
        json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": "Edit", "kind": "edit",
                "status": "pending", "locations": [{ "path": path }] })
    };
    for (before, allowed) in [("ROOT/src/gen/x", true), ("ROOT/src/main.rs", false)] {
        let world = World::new(&format!(
            "! update {}\n! ask {}",
            call(before),
            json!({ "toolCallId": "t", "rawInput": { "path": "ROOT/src/gen/x" } })
        ));
        let came = world.perform("").await;
        assert_eq!(came.text().contains("\"optionId\":\"b\""), allowed, "{before}");
    }
}

#[tokio::test]
async fn the_definition_of_an_agent_type_narrows_what_its_tools_may_do() {
    let mut world = World::new("");
    world.authority().exec = Some(exec(&["ls"]));
    let tools =
        [path("edit", "src/gen/x"), json!({ "kind": "execute", "rawInput": { "command": "ls" } })];
    let (answers, _) = allowed(&mut world, &tools).await;
    assert_eq!(answers, [true, true]);
    for (tools_of, disallowed, expected) in [
        (Some(vec!["Read", "Edit"]), vec![], [true, false]),
        (Some(vec!["exec"]), vec![], [false, true]),
        (Some(vec![]), vec![], [false, false]),
        (None, vec!["Bash", "exec"], [true, false]),
    ] {
        let definition = baton_core::manifest::AgentType {
            tools: tools_of.map(|list| list.into_iter().map(Into::into).collect()),
            disallowed_tools: disallowed.into_iter().map(Into::into).collect(),
            ..Default::default()
        };
        world.job.definition = Some(std::sync::Arc::new(definition));
        let (answers, _) = allowed(&mut world, &tools).await;
        assert_eq!(answers, expected);
    }
}
