//! Calls of tools: who may, with what authority, and what becomes of them after a crash.

use std::collections::BTreeMap;

use super::super::{Recovery, Run};
use super::fixture::{Bench, agent, agent_with, started};
use crate::action::Action;
use crate::command::{Command, Delivery, Reply};
use crate::handoff::{FailureKind, Handoff, Outcome, Usage};
use crate::ids::TaskPath;
use crate::record::{Body, Effect, RunStarted, Work};
use crate::refusal::RefusalKind;
use crate::scope::{Authority, Capability, NameScope, ToolScope};
use crate::tool::{DENIALS_MAX, Denial, Provider, RawToolSpec, ToolDefinition, Tools};

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn definition(provider: Provider, authority: Authority) -> ToolDefinition {
    ToolDefinition {
        description: String::new(),
        input: None,
        output: None,
        provider,
        authority,
        effect: None,
        idempotency_key: None,
        timeout_ms: None,
    }
}

fn requested(http: &[&str], exec: &[&str], write: bool) -> Authority {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let layer = crate::scope::GlobLayer::default();
    let write = write.then_some(&layer);
    Authority::requested(Some(&layer), write, &owned(http), &[], &[], &owned(exec)).unwrap()
}

/// Requests and nothing else.
fn sends(rule: &str) -> Authority {
    Authority::requested(None, None, &[rule.into()], &[], &[], &[]).unwrap()
}

/// A run that knows tools, with a workflow that may call those that match `names`.
pub fn with_tools(names: &[&str]) -> RunStarted {
    let component = |authority| definition(Provider::Component("code".into()), authority);
    let policy = ToolDefinition {
        effect: Some(Effect::Repeatable),
        ..definition(Provider::Component("git".into()), requested(&[], &[], true))
    };
    let known = BTreeMap::from([
        ("code/search".into(), component(requested(&[], &[], false))),
        ("code/post".into(), component(sends("https://a.org"))),
        ("git/commit".into(), policy),
        ("git/search".into(), component(requested(&[], &[], false))),
        ("mcp/echo".into(), definition(Provider::Mcp("mcp".into()), Authority::default())),
        ("exec".into(), definition(Provider::Exec, requested(&[], &["cargo test **"], false))),
    ]);
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut started = started();
    started.tools = Tools { known, ..Tools::default() };
    started.scope.tools =
        Some(ToolScope { names: NameScope::of(&names), within: Authority::unlimited() });
    started
}

pub fn call(name: &str, input: &str) -> Command {
    call_with(name, input, "{}")
}

fn call_with(name: &str, input: &str, options: &str) -> Command {
    Command::SpawnTool(raw(name, input, options))
}

pub fn raw(name: &str, input: &str, options: &str) -> RawToolSpec {
    RawToolSpec { name: name.into(), input: input.into(), options: options.into() }
}

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
fn only_what_may_happen_twice_is_repeated_after_a_crash() {
    let mut bench = Bench::of(with_tools(&["*"]));
    for name in ["code/search", "git/commit", "code/post", "code/post"] {
        bench.spawn(call(name, "1"));
    }
    for task in ["1", "2", "3"] {
        bench.start(task);
    }
    let mut heir = bench.crashed();
    let rows = ["1", "2", "3", "4"].map(|task| heir.run.recovery_of(&path(task)));
    let expected = [Recovery::Repeat, Recovery::Repeat, Recovery::InDoubt, Recovery::Start];
    assert_eq!(rows, expected.map(Some));
    heir.run.recover(heir.now);
    let actions = heir.flush();
    for (task, repeated) in [("1", true), ("2", true), ("3", false), ("4", true)] {
        let action = Action::Perform { task: path(task) };
        assert_eq!(actions.contains(&action), repeated, "{task}");
    }
    let outcome = heir.run.outcome(&path("3")).unwrap();
    assert_eq!(outcome.failure().unwrap().kind, FailureKind::InDoubt);
    // A second owner that dies at once changes nothing.
    let mut second = heir.crashed();
    second.run.recover(second.now);
    assert_eq!(second.run.outcome(&path("3")), Some(outcome));
}

/// A run with an agent at work that was given `tools`.
fn at_work(tools: &str) -> Bench {
    let mut bench = Bench::of(with_tools(&["*"]));
    let options = format!(r#"{{"backend":"component:pinned","tools":{tools}}}"#);
    bench.spawn(agent_with("work", &options));
    bench.start("1");
    bench
}

fn agent_calls(bench: &mut Bench, name: &str) -> Result<TaskPath, crate::refusal::Refusal> {
    let at = bench.later();
    let called = bench.run.agent_calls(&path("1"), raw(name, "1", "{}"), at);
    bench.flush();
    called
}

#[test]
fn an_agent_gets_the_tools_that_its_task_names_and_no_others() {
    let mut bench = at_work(r#"["code/*"]"#);
    assert_eq!(agent_calls(&mut bench, "code/search").unwrap(), path("1/1"));
    let refusal = agent_calls(&mut bench, "git/commit").unwrap_err();
    assert_eq!(refusal.code, "tool-not-granted");
    let Body::Denied { task, denial } = &bench.journal.last().unwrap().body else {
        panic!("the denial is not on record");
    };
    assert_eq!((task, denial.capability), (&path("1"), Capability::Tools));
    assert!(denial.tried.contains("git/commit") && !denial.hint.is_empty());
    let scope = bench.run.tools_of_agent(&path("1")).unwrap();
    let names: Vec<&String> = bench.run.offered(&scope).map(|(name, _)| name).collect();
    assert_eq!(names, ["code/post", "code/search"]);
    // None were named: none are given.
    let mut bare = Bench::of(with_tools(&["*"]));
    bare.spawn(agent("work"));
    bare.start("1");
    assert!(bare.run.tools_of_agent(&path("1")).is_none());
    assert_eq!(agent_calls(&mut bare, "code/search").unwrap_err().code, "tools-not-granted");
}

#[test]
fn the_end_of_a_call_reaches_its_agent_only() {
    let mut bench = at_work(r#"["*"]"#);
    agent_calls(&mut bench, "code/search").unwrap();
    assert!(bench.run.is_agents(&path("1/1")) && !bench.run.is_agents(&path("1")));
    bench.start("1/1");
    bench.end("1/1", Usage::default());
    assert_eq!(bench.wait(None), None);
    bench.end("1", Usage::default());
    assert!(bench.wait(None).is_some());
}

#[test]
fn an_agent_ends_with_its_calls() {
    let mut bench = at_work(r#"["*"]"#);
    agent_calls(&mut bench, "code/search").unwrap();
    bench.start("1/1");
    let at = bench.later();
    bench.run.task_ended(&path("1"), Outcome::Done(Handoff::default()), Usage::default(), at);
    let outcome = bench.run.outcome(&path("1/1")).unwrap();
    assert_eq!(outcome.failure().unwrap().kind, FailureKind::Cancelled);
    assert!(bench.flush().contains(&Action::Abort { task: path("1/1") }));
    assert!(agent_calls(&mut bench, "code/search").is_err());
}

#[test]
fn an_agent_in_whose_name_something_happened_once_is_not_repeated() {
    for (name, started, agents, calls) in [
        ("code/search", true, Recovery::Repeat, Recovery::Drop),
        ("code/post", false, Recovery::Repeat, Recovery::Drop),
        ("code/post", true, Recovery::InDoubt, Recovery::InDoubt),
    ] {
        let mut bench = at_work(r#"["*"]"#);
        agent_calls(&mut bench, name).unwrap();
        if started {
            bench.start("1/1");
        }
        assert_eq!(bench.run.did_once(&path("1")), agents == Recovery::InDoubt);
        let mut heir = bench.crashed();
        assert_eq!(heir.run.recovery_of(&path("1")), Some(agents), "{name}");
        assert_eq!(heir.run.recovery_of(&path("1/1")), Some(calls), "{name}");
        heir.run.recover(heir.now);
        heir.flush();
        let kind = |task: &str| heir.run.outcome(&path(task)).map(|o| o.failure().unwrap().kind);
        let (of_call, of_agent) = match agents {
            Recovery::InDoubt => (FailureKind::InDoubt, Some(FailureKind::InDoubt)),
            _ => (FailureKind::Cancelled, None),
        };
        assert_eq!((kind("1/1"), kind("1")), (Some(of_call), of_agent), "{name}");
        // The next attempt numbers its calls on from those that are on record.
        if of_agent.is_none() {
            assert_eq!(heir.start("1"), 2);
            assert_eq!(agent_calls(&mut heir, name).unwrap(), path("1/2"));
        }
        assert!(Run::from_records(heir.journal.clone()).is_ok());
    }
}

#[test]
fn a_guest_that_tries_for_ever_does_not_fill_the_journal() {
    let mut bench = Bench::of(with_tools(&["*"]));
    bench.spawn(call("code/search", "1"));
    bench.start("1");
    for number in 0..DENIALS_MAX + 20 {
        let denial = Denial {
            capability: Capability::Read,
            code: "path-read".into(),
            tried: format!("read {number}"),
            hint: String::new(),
        };
        let at = bench.later();
        bench.run.denied(&path("1"), denial, at);
    }
    bench.flush();
    let denied = bench.journal.iter().filter(|r| matches!(r.body, Body::Denied { .. })).count();
    assert_eq!(denied, DENIALS_MAX);
}

#[test]
fn what_was_sent_once_is_not_sent_again_by_a_run_that_reuses() {
    use crate::reuse::{Call, Condition, Index, Miss, Terms};
    let mut old = Bench::of(with_tools(&["*"]));
    for (name, input) in [
        ("code/post", "1"),
        ("code/post", "2"),
        ("code/search", "1"),
        ("git/commit", "1"),
        ("mcp/echo", "1"),
    ] {
        let number = old.spawn(call(name, input)).to_string();
        old.start(&number);
        old.end(&number, Usage::default());
    }
    let mut index = Index::new(old.journal.clone(), Terms::default()).unwrap();
    let mut new = Bench::of(with_tools(&["*"]));
    let mut claim = |name: &str, input: &str| {
        let number = new.spawn(call(name, input)).to_string();
        let asked = Call::of(&new.run, &path(&number))?;
        let check = |_: &crate::reuse::Entry, condition: Condition<'_>| {
            assert_eq!(condition, Condition::Nothing);
            Ok(())
        };
        Some(index.claim(&asked, check).map(|entry| entry.path().clone()))
    };
    assert_eq!(claim("code/post", "2"), Some(Ok(path("2"))));
    assert_eq!(claim("code/post", "2"), Some(Err(Miss::Taken)));
    assert!(matches!(claim("code/post", "3"), Some(Err(_))));
    assert_eq!(claim("mcp/echo", "1"), Some(Ok(path("5"))));
    // What reads or writes files is done again: what it would find is not known.
    assert_eq!(claim("code/search", "1"), None);
    assert_eq!(claim("git/commit", "1"), None);
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
