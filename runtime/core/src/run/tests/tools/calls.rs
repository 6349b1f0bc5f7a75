//! Calls of workflows: refused, or on record with what they may do.

use super::{call, call_with, path, with_tools};
use crate::command::{Command, Delivery, Reply};
use crate::handoff::Usage;
use crate::record::{Body, Effect, Work};
use crate::refusal::RefusalKind;
use crate::run::tests::fixture::Bench;
use crate::scope::Capability;

fn work<'a>(bench: &'a Bench, task: &str) -> &'a Work {
    &bench.run.task(&path(task)).unwrap().work
}

#[test]
fn a_call_is_refused_with_the_capability_it_lacks() {
    let argv = r#"{"argv":["cargo","build"]}"#;
    for (names, command, kind, code, capability) in [
        (
            &[][..],
            call("code/search", "1"),
            RefusalKind::Denied,
            "tool-not-granted",
            Some(Capability::Tools),
        ),
        (
            &["git/*"],
            call("code/search", "1"),
            RefusalKind::Denied,
            "tool-not-granted",
            Some(Capability::Tools),
        ),
        (&["*"], call("code/none", "1"), RefusalKind::NotFound, "unknown-tool", None),
        (&["*"], call("search", "1"), RefusalKind::Invalid, "ambiguous-tool", None),
        (&["*"], call("code/search", "{"), RefusalKind::Invalid, "bad-json", None),
        (
            &["*"],
            call_with("code/search", "1", r#"{"x":1}"#),
            RefusalKind::Invalid,
            "unknown-option",
            None,
        ),
        (
            &["*"],
            call_with("code/search", "1", r#"{"within":{"http":["ftp://x"]}}"#),
            RefusalKind::Invalid,
            "bad-pattern",
            None,
        ),
        (
            &["*"],
            call("exec", argv),
            RefusalKind::Denied,
            "exec-not-granted",
            Some(Capability::Exec),
        ),
        (&["*"], call("exec", "[]"), RefusalKind::Invalid, "tool-input", None),
        (&["*"], call("exec", r#"{"argv":[]}"#), RefusalKind::Invalid, "tool-input", None),
        (
            &["*"],
            call("exec", r#"{"argv":["cargo","test"],"shell":true}"#),
            RefusalKind::Invalid,
            "tool-input",
            None,
        ),
    ] {
        let mut bench = Bench::of(with_tools(names));
        let refusal = bench.refusal(command.clone());
        assert_eq!((refusal.kind, refusal.code.as_str()), (kind, code), "{command:?}");
        assert_eq!(refusal.capability, capability, "{command:?}");
        if capability.is_some() {
            assert!(!refusal.hint.is_empty());
        }
        let granting = refusal.hint.contains("--grant");
        assert_eq!(granting, refusal.code == "exec-not-granted", "{refusal:?}");
        // On record, with the capability and the hint, and the same on a replay.
        let Body::Refused { refusal: kept, .. } = &bench.journal.last().unwrap().body else {
            panic!("{:?}", bench.journal.last());
        };
        assert_eq!(*kept, refusal);
        let mut again = bench.crashed();
        assert_eq!(again.command(command), Reply::Refused(refusal));
    }
    let mut none = Bench::new();
    assert_eq!(none.refusal(call("code/search", "1")).code, "tools-not-granted");
}

#[test]
fn a_call_is_on_record_with_its_authority_and_effect() {
    let mut bench = Bench::of(with_tools(&["*"]));
    for (command, name, effect) in [
        (call("code/search", "1"), "code/search", Effect::Read),
        (call("post", "1"), "code/post", Effect::Once),
        (call("git/commit", "1"), "git/commit", Effect::Repeatable),
        (call("mcp/echo", "1"), "mcp/echo", Effect::Once),
        (call("exec", r#"{"argv":["cargo","test","-q"]}"#), "exec", Effect::Once),
        // Narrowed to nothing it cannot tell anybody anything.
        (call_with("code/post", "1", r#"{"within":{"http":[]}}"#), "code/post", Effect::Once),
    ] {
        let number = bench.spawn(command);
        let Work::Tool { tool, effect: got, authority, .. } = work(&bench, &number.to_string())
        else {
            panic!("no tool");
        };
        assert_eq!((tool.as_str(), *got), (name, effect));
        let reads = !["mcp/echo", "code/post"].contains(&tool.as_str());
        assert_eq!(authority.read.is_some(), reads);
    }
}

#[test]
fn a_childs_tools_are_never_more_than_its_parents() {
    let child = |options: &str| {
        Command::SpawnWorkflow(crate::spec::RawWorkflowSpec {
            name: "child".into(),
            input: "null".into(),
            options: options.into(),
        })
    };
    let mut bench = Bench::of(with_tools(&["code/*"]));
    let wide = bench.spawn(child(r#"{"within":{"tools":["*"],"http":["https://*"]}}"#));
    let narrow =
        bench.spawn(child(r#"{"within":{"tools":["code/search"],"http":["https://b.org"]}}"#));
    let scope = |number: u64| {
        bench.run.workflow(&path(&number.to_string())).unwrap().scope.tools.clone().unwrap()
    };
    assert!(scope(wide).names.allows("code/post") && !scope(wide).names.allows("git/commit"));
    assert!(!scope(narrow).names.allows("code/post"));
    let http = scope(narrow).within.http.unwrap();
    assert_eq!(http.allows("GET", "https", "a.org", 443), None);
    let refusal = bench.refusal(child(r#"{"within":{"exec":["*"]}}"#));
    assert_eq!(refusal.code, "bad-pattern");
}

#[test]
fn a_completion_is_delivered_and_counts_no_agent() {
    let mut bench = Bench::of(with_tools(&["*"]));
    let number = bench.spawn(call("code/search", "1"));
    assert_eq!(bench.start("1"), 1);
    bench.end("1", Usage { fuel: 7, agents: 9, ..Usage::default() });
    let Some(Delivery::Completion { task, usage, .. }) = bench.wait(None) else {
        panic!("nothing came");
    };
    assert_eq!((task, usage.agents, usage.fuel), (number, 0, 7));
    assert_eq!(bench.run.settled().fuel, 7);
    assert_eq!(bench.run.spent().agents, 0);
}

#[test]
fn a_child_gets_no_more_than_it_asks_for_itself() {
    use crate::manifest::Requests;
    let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let none = Requests::default();
    let some = Requests {
        tools: list(&["code/search"]),
        http: Some(list(&["https://b.org"])),
        env: Some(Vec::new()),
        agents: true,
        ..Requests::default()
    };
    for (asked, tools, agents) in
        [(None, true, true), (Some(none), false, false), (Some(some), true, true)]
    {
        let mut run = with_tools(&["*"]);
        run.program.requests =
            asked.clone().map(|asked| ("child".into(), asked)).into_iter().collect();
        let mut bench = Bench::of(run);
        let child = Command::SpawnWorkflow(crate::spec::RawWorkflowSpec {
            name: "child".into(),
            input: "null".into(),
            options: "{}".into(),
        });
        let number = bench.spawn(child).to_string();
        let scope = &bench.run.workflow(&path(&number)).unwrap().scope;
        assert_eq!((scope.tools.is_some(), scope.agents), (tools, agents), "{asked:?}");
        if let (Some(_), Some(own)) = (asked, &scope.tools) {
            assert!(own.names.allows("code/search") && !own.names.allows("code/post"));
            let http = own.within.http.as_ref().unwrap();
            assert!(http.allows("GET", "https", "a.org", 443).is_none());
            // Named without patterns is nothing; not named is whatever the tools ask for.
            assert!(own.within.env.is_none() && own.within.secrets.is_some());
        }
    }
}
