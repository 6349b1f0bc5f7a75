//! What a tool is told, and what is told of it, where it leaves its grant.

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::limits::Limits;
use baton_core::scope::{Authority, Capability};
use serde_json::json;

use super::tool::Tool;
use super::yard::{Layout, Yard};

#[test]
fn leaving_the_grant_looks_as_if_nothing_were_there_and_is_told() {
    let yard = Yard::new(Layout::Patterns);
    let mut tool = Tool::new(&yard, yard.authority(), &Limits::default());
    for (act, path, expected) in [
        ("read", "in/file.md", Ok("inside")),
        ("read", "outside/secret.txt", Err("no-entry")),
        ("read", "outside/nothing.txt", Err("no-entry")),
        ("read", "in/../outside/secret.txt", Err("no-entry")),
        ("write", "outside/secret.txt", Err("not-permitted")),
        ("list", "", Err("no-entry")),
        ("list", ".", Ok("in")),
    ] {
        let found = tool.act(&yard, act, path);
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{act} {path}");
    }
    let denials = tool.denials();
    let told: Vec<(Capability, &str, &str)> = denials
        .iter()
        .map(|denial| (denial.capability, denial.code.as_str(), denial.tried.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Capability::Read, "path-read", "read outside/secret.txt"),
            (Capability::Read, "path-read", "read outside/nothing.txt"),
            (Capability::Read, "path-read", "read in/../outside/secret.txt"),
            (Capability::Write, "path-write", "write outside/secret.txt"),
        ]
    );
    assert!(denials.iter().all(|denial| !denial.hint.is_empty()));
}

#[test]
fn what_may_be_read_may_not_be_written() {
    let yard = Yard::new(Layout::Root);
    let authority = Authority { read: Some(yard.scope()), ..Authority::default() };
    let mut tool = Tool::new(&yard, authority, &Limits::default());
    let acts = tool.acts();
    for act in acts.iter().filter(|act| !LOOKS.contains(&act.as_str())) {
        let found = tool.act(&yard, act, "file.md");
        assert!(found.is_err(), "{act}: {found:?}");
        let text = std::fs::read_to_string(yard.path("in/file.md"));
        assert_eq!(text.unwrap(), "inside", "{act}");
    }
    for act in LOOKS {
        // It is no directory and no link.
        let unfit = ["list", "look-in", "read-link"].contains(act);
        assert_eq!(tool.act(&yard, act, "file.md").is_err(), unfit, "{act}");
    }
}

/// Acts that change nothing.
const LOOKS: &[&str] = &[
    "read",
    "read-at-once",
    "list",
    "look-in",
    "stat",
    "stat-link",
    "hash",
    "read-link",
    "canonicalise",
];

#[test]
fn writing_more_than_the_limit_ends_the_tool() {
    let yard = Yard::new(Layout::Root);
    let mut limits = Limits::default();
    limits.tools.write_bytes = 30;
    let mut tool = Tool::new(&yard, yard.authority(), &limits);
    // The act writes 19 bytes twice.
    let input = json!({ "act": "write", "path": "new.md", "at": "" });
    for _ in 0..2 {
        let Ok(Outcome::Failed(failure)) = tool.outcome("act", &input) else {
            panic!("it was not ended");
        };
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Limit, "write-bytes"));
    }
    // Once by itself is within it, in every call anew.
    for _ in 0..3 {
        assert_eq!(tool.act(&yard, "append", "new.md"), Ok(String::new()));
    }
    assert_eq!(std::fs::metadata(yard.path("in/new.md")).unwrap().len(), 19 * 4);
}
