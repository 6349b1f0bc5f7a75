//! The attribute without a compiler: arguments as text, manifests and errors as text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_core::manifest::Manifest;
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::expand::expand;
use crate::manifest::{World, build};

fn manifest(world: World, arguments: &str) -> Result<Value, String> {
    let arguments: Arguments = syn::parse_str(arguments).map_err(|error| error.to_string())?;
    let built = build(world, arguments).map_err(|error| error.to_string())?;
    let parsed = Manifest::parse(built.text.as_bytes()).expect("the host accepts what is written");
    assert_eq!(serde_json::to_value(parsed.world).unwrap(), world.name());
    Ok(serde_json::from_str(&built.text).unwrap())
}

#[test]
fn everything_that_can_be_said_is_written() {
    let all = r#"
        name = "audit", description = "Audits.", phases("Read", "Check"),
        read("**/*.md"), exclude("old/**"), agents, workflows("other"),
        tools("code/*"), exec("git log *"), write("out/**"), http("GET https://example.org"),
        env("LANG"), secrets("github"),
        agent_types(fast_reader(description = "Reads.", backend = "component:reader",
            system = "Be short.", read("docs/**"), tools("code/*"), model = "small",
            effort = "low", isolation = "worktree", max_turns = 9, skills("prose")), plain()),
        budget(agents = 1_00, tokens = 5, cost_usd = 2.5),
        input_schema = "src/tests/schema.json", output_schema = "src/tests/schema.json",
    "#;
    let wanted = json!({
        "name": "audit",
        "world": "workflow",
        "description": "Audits.",
        "phases": ["Read", "Check"],
        "input": { "type": "object" },
        "output": { "type": "object" },
        "requests": {
            "read": { "include": ["**/*.md"], "exclude": ["old/**"] },
            "agents": true,
            "workflows": ["other"],
            "tools": ["code/*"],
            "exec": ["git log *"],
            "write": { "include": ["out/**"] },
            "http": ["GET https://example.org"],
            "env": ["LANG"],
            "secrets": ["github"],
        },
        "agents": {
            "fast-reader": {
                "description": "Reads.",
                "backend": "component:reader",
                "system": "Be short.",
                "read": ["docs/**"],
                "tools": ["code/*"],
                "model": "small",
                "effort": "low",
                "isolation": "worktree",
                "max_turns": 9,
                "skills": ["prose"],
            },
            "plain": {},
        },
        "budget": { "agents": 100, "tokens": 5, "cost_usd": 2.5 },
    });
    assert_eq!(manifest(World::Workflow, all), Ok(wanted));
}

#[test]
fn little_is_enough() {
    let wanted = json!({ "name": "a-1", "world": "agent", "requests": {} });
    assert_eq!(manifest(World::Agent, r#"name = "a-1""#), Ok(wanted));
}

#[test]
fn nothing_is_told_apart_from_what_is_not_named() {
    let wanted = json!({
        "name": "a",
        "world": "workflow",
        "requests": { "write": { "include": [] }, "http": [], "env": [], "secrets": [] },
    });
    let none = r#"name = "a", write(), http(), env(), secrets()"#;
    assert_eq!(manifest(World::Workflow, none), Ok(wanted));
    let error = manifest(World::Workflow, r#"name = "a", read()"#).unwrap_err();
    assert_eq!(error, "`read` takes a list of texts: `(\"…\", \"…\")`");
}

#[test]
fn a_whole_manifest_is_taken_from_its_file() {
    let wanted = json!({ "name": "whole", "world": "workflow", "requests": { "agents": true } });
    let argument = r#"manifest = "src/tests/manifest.json""#;
    assert_eq!(manifest(World::Workflow, argument), Ok(wanted));
    let error = manifest(World::Agent, argument).unwrap_err();
    assert_eq!(error, "the manifest is for world `workflow`");
}

#[test]
fn errors_say_what_is_wrong_with_which_argument() {
    let rows = [
        ("", "`name = \"…\"` is missing"),
        (r#"name = "Bad""#, "a name is up to 64 lower case letters, digits and `-`; `Bad` is not"),
        (r#"name = 7"#, "`name` takes a text: `= \"…\"`"),
        (r#"name = "a", name = "b""#, "`name` is given twice"),
        (r#"name = "a", exclude("x")"#, "`exclude` needs `read(\"…\")` beside it"),
        (r#"name = "a", agents = true"#, "`agents` stands by itself, without a value"),
        (r#"name = "a", phases = "x""#, "`phases` takes a list of texts: `(\"…\", \"…\")`"),
        (r#"name = "a", agent_types(x())"#, "`agent_types` needs `agents` beside it"),
        (
            r#"name = "a", agents, agent_types(x)"#,
            "`x` takes a list of `name = value` in parentheses",
        ),
        (
            r#"name = "a", budget(money = 1)"#,
            "`money` is not known here; known are `agents`, `tokens`, `cost_usd`",
        ),
        (r#"name = "a", budget(agents = 1.5)"#, "`agents` takes a whole number: `= 100`"),
        (r#"name = "a", budget(cost_usd = "1")"#, "`cost_usd` takes a number: `= 2.5`"),
        (r#"name = "a", budget(cost_usd = 1e999)"#, "`cost_usd` is too large"),
        (
            r#"manifest = "src/tests/manifest.json", name = "a""#,
            "`name` stands beside `manifest`, which says everything",
        ),
        (r#"manifest = "src/tests/schema.json""#, "the manifest has no `name`"),
    ];
    for (arguments, error) in rows {
        assert_eq!(manifest(World::Workflow, arguments), Err(error.to_owned()), "{arguments}");
    }
    for (file, problem) in [("absent.json", "No such file"), ("src/tests/broken.json", "EOF while")]
    {
        let arguments = format!(r#"name = "a", input_schema = "{file}""#);
        let error = manifest(World::Workflow, &arguments).unwrap_err();
        assert!(error.starts_with(&format!("`{file}`: {problem}")), "{error}");
    }
}

#[test]
fn an_agent_cannot_ask_for_what_its_world_lacks() {
    for argument in ["agents", "phases(\"x\")", "workflows(\"x\")", "budget(agents = 1)"] {
        let arguments = format!(r#"name = "a", {argument}"#);
        let error = manifest(World::Agent, &arguments).unwrap_err();
        assert!(error.contains("is not known here"), "{error}");
    }
}

fn expansion(world: World, function: &str) -> Result<String, String> {
    let arguments = syn::parse_str(r#"name = "a""#).unwrap();
    let built = build(world, arguments).unwrap();
    expand(world, &built, syn::parse_str(function).unwrap())
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn the_function_must_have_the_shape_of_its_world() {
    let rows = [
        (World::Workflow, "fn run(cx: Cx, input: ()) -> Result<()> {}", Some("is not `async`")),
        (World::Workflow, "async fn run(cx: Cx) -> Result<()> {}", Some("two arguments")),
        (World::Workflow, "async fn run<T>(cx: Cx, input: T) -> Result<()> {}", Some("is generic")),
        (World::Workflow, "async fn run(cx: Cx, input: ()) {}", Some("returns nothing")),
        (World::Workflow, "async fn run(cx: Cx, input: ()) -> Result<()> {}", None),
        (World::Agent, "fn perform(cx: AgentCx, task: Task<()>) -> Result<()> {}", None),
        (World::Agent, "async fn perform(cx: AgentCx, task: Task<()>) -> Result<()> {}", None),
    ];
    for (world, function, problem) in rows {
        match (expansion(world, function), problem) {
            (Ok(tokens), None) => {
                assert!(tokens.contains(r#"link_section = "baton:manifest""#), "{function}");
                assert_eq!(
                    tokens.contains("perform_async"),
                    world == World::Agent && function.starts_with("async"),
                    "{function}"
                );
            }
            (Err(error), Some(problem)) => assert!(error.contains(problem), "{error}"),
            (end, _) => panic!("{function}: {end:?}"),
        }
    }
}
