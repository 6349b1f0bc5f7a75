#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_guest::testing::{AgentRequest, Event, Reply, Script};
use baton_guest::{Artifact, Failure};
use serde_json::{Value, json};

use super::*;

fn asked(check: Value) -> Value {
    json!({ "files": ["src/*.js"], "instructions": "Make {path} a module.", "check": check })
}

fn input(value: Value) -> Input {
    serde_json::from_value(value).unwrap()
}

fn command() -> Value {
    json!({ "argv": ["node", "--check", "{path}"] })
}

fn patch() -> Artifact {
    Artifact {
        name: PATCH.into(),
        media_type: "text/x-diff".into(),
        digest: format!("sha256:{}", "0".repeat(64)),
        size: 9,
    }
}

/// `a` is ported, `b` needs nothing, `c` cannot be ported, and the agent of `d` lies.
fn answer(request: &AgentRequest) -> Reply {
    let done = |changed: bool| Handoff::new(json!({ "changed": changed, "what": "I did." }));
    match request.options["label"].as_str().unwrap() {
        "src/a.js" => done(true).artifact(patch()).into(),
        "src/b.js" => done(false).into(),
        "src/d.js" => done(true).into(),
        _ => Failure::new(FailureKind::Failed, "ladder-check", "status 1: syntax error").into(),
    }
}

fn script(names: &[&str]) -> Script {
    let script = Script::new().agents(answer).file("README.md", "");
    names.iter().fold(script, |script, name| script.file(format!("src/{name}.js"), "x"))
}

fn agents(script: &Script) -> Vec<AgentRequest> {
    let agent = |event| match event {
        Event::Agent(request) => Some(request),
        _ => None,
    };
    script.events().into_iter().filter_map(agent).collect()
}

#[test]
fn every_file_gets_an_agent_a_copy_and_a_check_of_its_own() {
    let script = script(&["a", "b"]);
    let mut given = asked(command());
    given["context"] = json!(["docs/guide.md"]);
    let handoff = script.run(|cx| run(cx, input(given))).unwrap().unwrap();
    let report = &handoff.output;
    assert_eq!((report.ported, report.unchanged, report.complete), (1, 1, true));
    let tasks: Vec<(&str, u64)> =
        report.files.iter().map(|file| (file.path.as_str(), file.task)).collect();
    assert_eq!(tasks, [("src/a.js", 1), ("src/b.js", 2)]);
    assert_eq!(
        handoff.artifacts.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["migrate.md", PATCH]
    );
    let asked = agents(&script);
    assert_eq!(asked.iter().map(|one| one.task).collect::<Vec<_>>(), [1, 2]);
    let options = &asked[0].options;
    assert_eq!(options["isolation"], "worktree");
    assert_eq!(options["tools"], json!(["code/*", "exec"]));
    assert_eq!(options["within"], json!({ "exec": ["node --check src/a.js"] }));
    let check =
        json!({ "tool": { "name": "exec", "input": { "argv": ["node", "--check", "src/a.js"] } } });
    assert_eq!(
        options["ladder"],
        json!({ "rungs": ["inherit", "inherit", "inherit"], "check": check })
    );
    assert!(
        asked[0].prompt.contains("Make src/a.js a module.") && asked[0].prompt.contains("guide.md")
    );
}

#[test]
fn what_is_not_ported_is_said() {
    let script = script(&["a", "b", "c", "d"]);
    let handoff = script.run(|cx| run(cx, input(asked(command())))).unwrap().unwrap();
    let report = &handoff.output;
    assert_eq!((report.ported, report.unchanged, report.failed), (1, 1, 2));
    assert!(!report.complete && handoff.summary.starts_with("NOT COMPLETE"), "{}", handoff.summary);
    assert_eq!(handoff.follow_ups.len(), 2);
    assert!(handoff.follow_ups[0].contains("syntax error"), "{:?}", handoff.follow_ups);
    assert!(handoff.follow_ups[1].contains("did not"), "{:?}", handoff.follow_ups);

    let mut given = asked(command());
    given["all_or_nothing"] = json!(true);
    let error = script.run(|cx| run(cx, input(given))).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "not-ported");
    assert!(error.to_string().contains("src/c.js: status 1"), "{error}");
}

#[test]
fn a_migration_without_any_success_fails() {
    let error = script(&["c"]).run(|cx| run(cx, input(asked(command())))).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "not-ported");
}

#[test]
fn a_tool_may_check() {
    let check =
        json!({ "tool": "data/validate", "input": { "path": "{path}", "n": [1, "{stem}"] } });
    let mut given = asked(check);
    given["models"] = json!(["small", "large"]);
    let script = script(&["a"]);
    script.run(|cx| run(cx, input(given))).unwrap().unwrap();
    let options = &agents(&script)[0].options;
    assert_eq!(
        (&options["tools"], &options["within"]),
        (&json!(["code/*", "data/validate"]), &json!({}))
    );
    let wanted = json!({ "name": "data/validate", "input": { "path": "src/a.js", "n": [1, "a"] } });
    assert_eq!(
        options["ladder"],
        json!({ "rungs": ["small", "large"], "check": { "tool": wanted } })
    );
}

#[test]
fn parts_of_a_path_are_filled_in_once() {
    for (text, path, filled_in) in [
        ("{path} {dir} {name} {stem}", "a/b/c.test.js", "a/b/c.test.js a/b c.test.js c.test"),
        ("{dir}/{stem}", "c", "./c"),
        ("{path}", "a/{name}.js", "a/{name}.js"),
        ("{other} {", "a", "{other} {"),
    ] {
        assert_eq!(filled(text, path), filled_in);
    }
}

#[test]
fn the_agent_may_run_its_own_check_and_no_other_command() {
    for (argv, pattern) in [
        (json!(["make", "{stem}"]), Some("make a")),
        (json!(["node", "-e", "check('x')"]), None),
        (json!(["node", "-e", "a b", ""]), Some("node -e 'a b' ''")),
        (json!(["grep", "a*"]), None),
    ] {
        let check: crate::input::Check = serde_json::from_value(json!({ "argv": argv })).unwrap();
        assert_eq!(check.pattern("src/a.js").as_deref(), pattern, "{argv}");
    }
}

#[test]
fn inputs_that_do_not_hold_together_are_refused() {
    let mut empty = asked(command());
    empty["files"] = json!([]);
    let mut silent = asked(command());
    silent["instructions"] = json!(" ");
    let mut many = asked(command());
    many["max_files"] = json!(1);
    let mut elsewhere = asked(command());
    elsewhere["files"] = json!(["lib/**"]);
    for (given, code) in [
        (empty, "input"),
        (silent, "input"),
        (asked(json!({ "argv": [] })), "input"),
        (many, "too-many-files"),
        (elsewhere, "no-files"),
    ] {
        let error = script(&["a", "b"]).run(|cx| run(cx, input(given))).unwrap().unwrap_err();
        assert_eq!(error.failure().code, code);
    }
    for wrong in
        [json!({ "files": ["a"], "instructions": "x" }), asked(json!({ "command": "make" }))]
    {
        assert!(serde_json::from_value::<Input>(wrong).is_err());
    }
}
