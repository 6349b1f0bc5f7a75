//! Policy denies more while a run goes on: what is asked from there on is held against it.

use super::fixture::{Bench, agent_with};
use super::tools::{call, raw, with_tools};
use crate::command::Reply;
use crate::ids::TaskPath;
use crate::record::{Body, Work};
use crate::scope::{Denials, GlobLayer, PathScope, Scope};
use crate::tool::{SecretDefinition, SecretSource};

const TEST: &str = r#"{"argv":["cargo","test","--all"]}"#;

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn denied(exec: &[&str], read: &[&str], tools: &[&str]) -> Denials {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    Denials {
        exec: exec.iter().map(|argv| argv.parse().unwrap()).collect(),
        read: texts(read),
        tools: texts(tools),
        ..Denials::default()
    }
}

fn deny(bench: &mut Bench, said: &[(&str, Denials)]) -> bool {
    let said: Vec<_> = said.iter().map(|(place, one)| ((*place).to_owned(), one.clone())).collect();
    let at = bench.later();
    let new = bench.run.deny(&said, at);
    bench.flush();
    new
}

#[test]
fn what_is_denied_holds_for_workflows_and_for_agents_at_work_and_after_a_crash() {
    let mut bench = Bench::of(with_tools(&["*"]));
    bench.spawn(call("exec", TEST));
    let agent = agent_with("work", r#"{"backend":"component:pinned","tools":["*"]}"#);
    bench.spawn(agent.clone());
    bench.start("2");
    let before = bench.run.authority_of_agent(&path("2")).unwrap();
    let scope = bench.run.workflow(&TaskPath::root()).unwrap().scope.clone();
    let policy = [
        ("baton.toml:2", denied(&["cargo test **"], &["docs/**"], &[])),
        ("config.toml:9", denied(&[], &[], &["code/*"])),
    ];
    assert!(deny(&mut bench, &policy));
    let Body::DenialsAdded { by, denials } = &bench.journal.last().unwrap().body else {
        panic!("it is not on record");
    };
    assert_eq!(by, "baton.toml:2, config.toml:9");
    assert_eq!(denials.words(), ["read=docs/**", "tools=code/*", "exec=cargo test **"]);
    // What is known is not said again.
    let records = bench.journal.len();
    assert!(!deny(&mut bench, &policy) && bench.journal.len() == records);
    let held = |bench: &mut Bench| {
        let refusal = bench.refusal(call("exec", TEST));
        assert_eq!(refusal.code, "exec-not-granted");
        assert!(!refusal.hint.contains("--grant"), "no grant helps: {refusal:?}");
        let refusal = bench.refusal(call("code/search", "1"));
        assert_eq!(refusal.code, "tool-not-granted");
        assert!(refusal.message.contains("denied now"), "{refusal}");
        let at = bench.later();
        let refusal = bench.run.agent_calls(&path("2"), raw("exec", TEST, "{}"), at).unwrap_err();
        assert_eq!(refusal.code, "exec-not-granted");
        // What it does not name is as it was, and reads less.
        let at = bench.later();
        let called = bench.run.agent_calls(&path("2"), raw("git/search", "1", "{}"), at).unwrap();
        let Work::Tool { authority, .. } = &*bench.run.task(&called).unwrap().work else {
            panic!()
        };
        let excluded = |scope: &PathScope| {
            scope
                .layers
                .iter()
                .any(|layer| layer.exclude == ["docs/**"] && layer.include.is_empty())
        };
        assert!(authority.read.as_ref().is_some_and(excluded));
        let now = bench.run.authority_of_agent(&path("2")).unwrap();
        assert!(now != before && now.read.as_ref().is_some_and(excluded));
        bench.flush();
    };
    held(&mut bench);
    // The grant stands as it was, so that a guest that asks for its tools hears the same in a replay;
    // and what was answered before is answered so again.
    assert_eq!(bench.run.workflow(&TaskPath::root()).unwrap().scope, scope);
    let mut again = bench.crashed();
    assert_eq!(again.command(call("exec", TEST)), Reply::Task(1));
    assert_eq!(again.command(agent), Reply::Task(2));
    again.refusal(call("exec", TEST));
    again.refusal(call("code/search", "1"));
    held(&mut again);
}

#[test]
fn what_was_never_granted_or_is_left_out_of_the_grant_needs_no_record() {
    let bare = Bench::new();
    let excluded = GlobLayer { exclude: vec!["docs/**".into()], ..GlobLayer::default() };
    let mut without = super::fixture::started();
    without.scope = Scope {
        read: Some(PathScope { layers: vec![GlobLayer::default(), excluded] }),
        ..Scope::default()
    };
    let mut ended = Bench::of(with_tools(&["*"]));
    let at = ended.later();
    let outcome = crate::handoff::Outcome::Done(crate::handoff::Handoff::default());
    ended.run.workflow_ended(&TaskPath::root(), outcome, 0, at);
    ended.flush();
    for (mut bench, denials, new) in [
        // It calls no tools.
        (bare, denied(&["cargo **"], &[], &["*"]), false),
        (Bench::of(without), denied(&[], &["docs/**"], &[]), false),
        (Bench::new(), denied(&[], &["docs/**"], &[]), true),
        (Bench::new(), Denials::default(), false),
        (ended, denied(&[], &["docs/**"], &[]), false),
    ] {
        let records = bench.journal.len();
        assert_eq!(deny(&mut bench, &[("baton.toml:1", denials.clone())]), new, "{denials:?}");
        assert_eq!(bench.journal.len(), records + usize::from(new), "{denials:?}");
    }
}

#[test]
fn a_secret_of_a_server_is_denied_although_no_tool_was_granted_it() {
    let mut started = super::fixture::started();
    let secret = SecretDefinition { from: SecretSource::Env("TOKEN".into()), hosts: Vec::new() };
    started.tools.secrets.insert("token".into(), secret);
    let mut bench = Bench::of(started);
    let secrets = |pattern: &str| Denials { secrets: vec![pattern.into()], ..Denials::default() };
    assert!(!deny(&mut bench, &[("baton.toml:1", secrets("other"))]));
    assert!(deny(&mut bench, &[("baton.toml:1", secrets("tok*"))]));
    assert!(bench.run.denials().takes_secret("token"));
    assert!(!deny(&mut bench, &[("baton.toml:1", secrets("tok*"))]), "it is said once");
}

#[test]
fn denials_are_read_back_as_they_were_written() {
    let all = Denials {
        read: vec!["a/**".into()],
        write: vec!["b".into()],
        http: vec!["https://a.org".parse().unwrap()],
        env: vec!["HOME".into()],
        secrets: vec!["token".into()],
        exec: vec!["git push **".parse().unwrap()],
        tools: vec!["git/*".into()],
    };
    let body = Body::DenialsAdded { by: "baton.toml:3".into(), denials: all.clone() };
    let text = serde_json::to_string(&body).unwrap();
    assert!(
        text.starts_with(r#"{"denials-added":{"by":"baton.toml:3","denials":{"read":["a/**"]"#)
    );
    assert_eq!(serde_json::from_str::<Body>(&text).unwrap(), body);
    assert_eq!(all.words().len(), 7);
    let mut sum = denied(&["git push **"], &[], &[]);
    assert!(all.hold(&sum) && !sum.hold(&all));
    sum.add(&all);
    assert_eq!(sum, all);
    assert!(all.takes_secret("token") && !all.takes_secret("other") && all.takes_tool("git/log"));
}
