#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

fn asked(baton: serde_json::Value) -> Result<Asked, String> {
    let meta = Meta { baton: Some(baton), ..Meta::default() };
    Inspection { meta: Some(meta), ..Inspection::default() }.asked()
}

#[test]
fn what_a_script_asks_is_read_from_its_meta() {
    let silent = Asked { read: Some(GlobLayer::default()), ..Asked::default() };
    assert_eq!(Inspection::default().asked(), Ok(silent.clone()));
    assert_eq!(asked(json!({})), Ok(silent));
    let layer = |include: &[&str], exclude: &[&str]| GlobLayer {
        unless: Vec::new(),
        include: include.iter().map(ToString::to_string).collect(),
        exclude: exclude.iter().map(ToString::to_string).collect(),
    };
    for (read, wanted) in [
        (json!(["**/*.md"]), Some(layer(&["**/*.md"], &[]))),
        (json!([]), None),
        (json!({ "include": ["a"], "exclude": ["b"] }), Some(layer(&["a"], &["b"]))),
        (json!({ "exclude": ["b"] }), Some(layer(&[], &["b"]))),
    ] {
        let found = asked(json!({ "read": read })).unwrap();
        assert_eq!((found.read, found.says_read), (wanted, true), "{read}");
    }
    let all = asked(json!({
        "budget": { "agents": 3, "tokens": 9, "cost_usd": 0.5 },
        "workflows": ["a"],
        "later": 1,
    }))
    .unwrap();
    let budget = Amounts {
        agents: Some(3),
        tokens: Some(9),
        cost_micro_usd: Some(500_000),
        ..Amounts::default()
    };
    assert_eq!((all.budget, all.workflows), (budget, vec!["a".to_owned()]));
}

#[test]
fn a_request_that_cannot_be_understood_is_named() {
    for baton in [
        json!(1),
        json!({ "read": 1 }),
        json!({ "read": { "includes": [] } }),
        json!({ "budget": { "token": 1 } }),
        json!({ "workflows": "a" }),
    ] {
        let error = asked(baton.clone()).unwrap_err();
        assert!(error.starts_with("`meta.baton`: "), "{baton}: {error}");
    }
}

#[test]
fn an_inspection_of_an_older_or_newer_runner_is_read() {
    let read: Inspection =
        serde_json::from_value(json!({ "meta": null, "more": [], "agents": [{ "line": 3 }] }))
            .unwrap();
    assert_eq!((read.meta, read.agents[0].line), (None, 3));
}

#[test]
fn tools_and_commands_that_are_named_literally_are_requested() {
    let read: Inspection = serde_json::from_value(json!({ "tools": [
        { "name": "git/log", "line": 1, "column": 1 },
        { "name": "search", "line": 2, "column": 1 },
        { "line": 3, "column": 1 },
        { "name": "git/log", "line": 4, "column": 1 },
        { "name": "exec", "argv": ["cargo", "test"], "whole": true, "line": 5, "column": 1 },
        { "name": "exec", "argv": ["git", "log"], "whole": false, "line": 6, "column": 1 },
        { "name": "exec", "argv": ["grep", "a b", "*.md", "x"], "whole": true, "line": 7, "column": 1 },
        { "name": "exec", "argv": ["./run.sh"], "whole": true, "line": 8, "column": 1 },
        { "name": "exec", "argv": [], "line": 9, "column": 1 },
        { "name": "exec", "line": 10, "column": 1 },
    ] }))
    .unwrap();
    assert_eq!(read.literal_tools(), ["*/search", "git/log"]);
    assert_eq!(read.literal_commands(), ["cargo test", "git log **", "grep 'a b' **"]);
}

#[test]
fn what_tools_may_do_is_read_from_meta() {
    let asked = asked(json!({
        "tools": ["git/*"], "write": ["out/**"], "http": ["GET https://a.org"], "env": ["LANG"],
        "secrets": ["s"], "exec": ["cargo test **"],
    }))
    .unwrap();
    assert_eq!(asked.tools, Some(vec!["git/*".into()]));
    assert_eq!(asked.exec, Some(vec!["cargo test **".into()]));
    let Requests { write, http, env, secrets, .. } = asked.bounds;
    assert_eq!(write.unwrap().include, ["out/**"]);
    assert_eq!(
        (http, env, secrets),
        (Some(vec!["GET https://a.org".into()]), Some(vec!["LANG".into()]), Some(vec!["s".into()]))
    );
}

#[test]
fn a_pattern_in_meta_that_cannot_be_read_is_an_error() {
    for baton in [json!({ "http": ["ftp://x"] }), json!({ "exec": ["*"] }), json!({ "exec": [""] })]
    {
        assert!(asked(baton.clone()).unwrap_err().starts_with("`meta.baton`: "), "{baton}");
    }
}
