#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use baton_core::budget::{Amounts, Cap, Caps};
use baton_core::digest::Digest;
use baton_core::limits::Limits;
use baton_core::manifest::{Manifest, Requests};
use baton_core::record::{BackendChoice, Effect, Program};
use baton_core::scope::{Authority, Capability, GlobLayer, Scope};
use baton_journal::store::Blob;
use serde_json::json;

use super::agents::AgentsView;
use super::view::{Asked, View};
use super::*;
use crate::program::Bundle;
use crate::program::models::Reach;
use crate::program::tools::{Provider, Providers};
use crate::program::toolset::effective;
use crate::project::guidance::Guidance;
use crate::project::places::Places;
use crate::project::policy::{Flag, Policy};

pub(super) fn bundle(backends: BackendChoice) -> Bundle {
    let manifest = json!({
        "name": "flow",
        "world": "workflow",
        "description": "Audits\x1b[31m things.",
        "requests": { "read": { "include": ["**/*.md"] }, "agents": true, "workflows": ["review"] },
        "agents": {
            "auditor": { "backend": "component:auditor" },
            "judge": {},
        },
    });
    let manifest = Manifest::parse(manifest.to_string().as_bytes()).unwrap();
    let program = Program {
        name: manifest.name.clone(),
        component: Digest::of(b"flow"),
        script: None,
        scripts: Default::default(),
        workflows: Default::default(),
        requests: Default::default(),
        agents: Default::default(),
        tools: Default::default(),
        agent_types: manifest.agents.clone(),
        instructions: Default::default(),
        skills: Default::default(),
    };
    Bundle {
        own: Vec::new(),
        program,
        parts: vec![Blob::new(&b"flow"[..])],
        manifest,
        budget: Amounts::default(),
        path: None,
        backends,
        script: None,
        says_read: true,
        agents_max: None,
        warnings: Vec::new(),
        providers: Providers::default(),
        unperformed: false,
        reach: Reach::default(),
        guidance: Guidance::default(),
    }
}

fn viewed(bundle: &Bundle, policy: &Policy, root: bool) -> View {
    let requests = &bundle.manifest.requests;
    let effective = effective(requests, &bundle.providers, policy, root).unwrap();
    let confinement = |network: bool| vec![format!("network {network}")];
    View::of(&Asked {
        requests,
        providers: &bundle.providers,
        policy,
        root,
        says_read: bundle.says_read,
        effective: &effective,
        confinement: &confinement,
        agents: AgentsView::of(bundle, &Authority::default()),
    })
}

fn shown(bundle: &Bundle, root: Option<&Path>, caps: Caps) -> String {
    shown_under(&Policy::default(), bundle, root, caps, &[])
}

fn shown_under(
    policy: &Policy,
    bundle: &Bundle,
    root: Option<&Path>,
    caps: Caps,
    changed: &[String],
) -> String {
    let limits = Limits::default();
    let view = viewed(bundle, policy, root.is_some());
    let plan = Plan {
        bundle,
        root,
        caps: &caps,
        concurrency: 16,
        limits: &limits,
        budget: &Amounts::default(),
        runs: 1,
        view: &view,
        changed,
    };
    anstream::adapter::strip_str(&screen(&plan).join("\n")).to_string()
}

#[test]
fn the_screen_says_what_is_granted_and_what_is_not() {
    let text = shown(&bundle(BackendChoice::default()), None, Caps::default());
    insta::assert_snapshot!(text, @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + spawn agents, at most 1000, 16 at once
      + run these workflows: review

    It asks for, and does not get
      - read **/*.md: no directory was granted; --root DIR grants one

    Agent tasks are performed by
      · auditor: component:auditor (sandboxed)
      · judge: no backend: name one with --agent

    Held to
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");

    let by_type = [("judge".to_owned(), "command:./judge.sh".to_owned())].into();
    let chosen = bundle(BackendChoice { all: None, by_type, default: None });
    let run = Cap { agents: Some(50), cost_micro_usd: Some(5_000_000), ..Cap::default() };
    let caps = Caps::of_run(run);
    insta::assert_snapshot!(shown(&chosen, Some(Path::new("/docs")), caps), @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + read **/*.md below /docs (never what usually holds secrets: .env, keys, .git)
      + spawn agents, at most 50, 16 at once
      + run these workflows: review

    Agent tasks are performed by
      · auditor: component:auditor (sandboxed)
      · judge: command:./judge.sh (a program with your rights: NOT sandboxed)

    Held to
      · 50 agents, $5.00
      · commands and coding agents tell only afterwards what they used: a cap stops what would start then

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");
}

#[test]
fn the_scope_is_what_is_requested_and_granted() {
    let policy = Policy::default();
    let under = |requests: &Requests, root| {
        effective(requests, &Providers::default(), &policy, root).unwrap().scope
    };
    let requests = bundle(BackendChoice::default()).manifest.requests;
    let without = under(&requests, false);
    assert_eq!((without.read, without.agents, without.workflows), (None, true, true));

    let with = under(&requests, true);
    let layers = with.read.unwrap().layers;
    assert_eq!(layers[0].include, ["**/*.md"]);
    assert!(layers.contains(&GlobLayer::no_secrets()), "secrets are outside of every grant");

    let nothing = under(&Requests::default(), true);
    assert_eq!(nothing, Scope::default(), "what is not requested is not granted");
}

/// A bundle that calls tools: a component that is there, one that is not, a server, commands.
fn with_tools() -> Bundle {
    let mut bundle = bundle(BackendChoice::default());
    bundle.manifest.requests = Requests {
        tools: ["git/*", "nothing/here", "everything/*"].map(Into::into).into(),
        exec: ["cargo test **", "rm **"].map(Into::into).into(),
        http: Some(vec!["https://api.github.com".into()]),
        ..Requests::default()
    };
    let tool = json!({
        "name": "git",
        "world": "tool",
        "requests": {
            "read": { "include": [".git/**", "src/**"] },
            "write": { "include": ["out/**"] },
            "http": ["GET https://api.github.com", "https://evil.org"],
            "secrets": ["github", "other"],
        },
        "tools": { "log": { "description": "Reads." }, "push": {} },
    });
    let manifest = Manifest::parse(tool.to_string().as_bytes()).unwrap();
    let digest = Digest::of(b"git");
    let path = Some("/w/git.wasm".into());
    let provider = Provider { manifest, digest, path, persons: false };
    bundle.providers.components.insert("git".into(), provider);
    bundle.providers.missing.push("nothing/here".into());
    bundle
}

fn policy(text: &str) -> Policy {
    policy_of(text, "", &[])
}

fn policy_of(project: &str, person: &str, grants: &[Flag]) -> Policy {
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().join("home");
    std::fs::create_dir_all(home.join("baton")).unwrap();
    std::fs::write(temp.path().join("baton.toml"), project).unwrap();
    std::fs::write(home.join("baton/config.toml"), person).unwrap();
    let home = home.into_os_string();
    let places =
        Places::around(temp.path(), |name| (name == "XDG_CONFIG_HOME").then(|| home.clone()));
    Policy::load(&places, grants, &[]).unwrap()
}

const POLICY: &str = r#"[grant]
read = ["**"]
write = ["out/a/**"]
http = ["https://api.github.com", "https://evil.org"]
secrets = ["*"]
exec = ["cargo **"]
[deny]
read = ["src/private/**"]
[tools."git/push"]
effect = "repeatable"
[tools."git/psuh"]
effect = "read"
[secrets.github]
env = "GITHUB_TOKEN"
hosts = ["https://api.github.com"]
[mcp.everything]
command = ["npx", "-y", "server everything"]
env = { TOKEN = "secret:github" }
"#;

#[test]
fn the_screen_says_for_each_tool_what_it_may_and_what_it_may_not() {
    let changed = ["the tool component git changed: a is now b".to_owned()];
    let policy = policy(POLICY);
    let root = Some(Path::new("/repo"));
    let text = shown_under(&policy, &with_tools(), root, Caps::default(), &changed);
    insta::assert_snapshot!(text, @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + call the tools git/*
      + call the tools nothing/here
      + call the tools everything/*

    Its tools
      · git /w/git.wasm sha256:9a881b9b9f23: log (once), push (repeatable: baton.toml:9)
          - may not read .git/**: it usually holds secrets and must be named: --grant 'read=.git/**'
          + may read src/**, but not src/private/** (baton.toml:2)
          + may write out/**, but only within out/a/** (baton.toml:3): --grant 'write=out/**'
          + may send GET requests to https://api.github.com (baton.toml:4)
          - may not send requests to https://evil.org: the workflow that calls it asks for less
          + may use the secret github (baton.toml:5)
          - may not use the secret other: nobody defines it: [secrets.other], --grant 'secrets=other'
          · the secret github from $GITHUB_TOKEN (baton.toml:13), put only into requests to https://api.github.com
      · exec commands of this machine
          + may run `cargo test **` (baton.toml:6)
          - may not run `rm **`: --grant 'exec=rm **'
          · commands may read anything
          · commands may write out/a/**
          · what is denied inside of that is NOT kept from commands: src/private/**
          · network false
      · everything npx -y 'server everything' (baton.toml:16)
          · a program with your rights: NOT sandboxed; what its tools do cannot be enforced
          · is given the secret github

    Tools that are not there
      - nothing/here: no such tool is installed
      - baton.toml:11: there is no tool `git/psuh`

    Held to
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Changed since you always allowed it
      ! the tool component git changed: a is now b

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");
}

#[test]
fn without_policy_tools_get_nothing_and_the_screen_says_what_would_grant_it() {
    let text = shown(&with_tools(), None, Caps::default());
    insta::assert_snapshot!(text, @r"
flow program sha256:abd71c048956 · built in
  Audits[31m things.

It asks for, and gets
  + call the tools git/*
  + call the tools nothing/here
  + call the tools everything/*

Its tools
  · git /w/git.wasm sha256:9a881b9b9f23: log, push
      - may not read .git/**: no directory was granted: --root DIR
      - may not read src/**: no directory was granted: --root DIR
      - may not write out/**: no directory was granted: --root DIR, --grant 'write=out/**'
      - may not send GET requests to https://api.github.com: --grant 'http=GET https://api.github.com'
      - may not send requests to https://evil.org: --grant 'http=https://evil.org'
      - may not use the secret github: nobody defines it: [secrets.github], --grant 'secrets=github'
      - may not use the secret other: nobody defines it: [secrets.other], --grant 'secrets=other'
  · exec commands of this machine
      - may not run `cargo test **`: --grant 'exec=cargo test **'
      - may not run `rm **`: --grant 'exec=rm **'

Tools that are not there
  - nothing/here: no such tool is installed

Held to
  · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
");
}

#[test]
fn only_what_is_granted_reaches_a_tool() {
    let bundle = with_tools();
    let requests = &bundle.manifest.requests;
    let tools = effective(requests, &bundle.providers, &policy(POLICY), true).unwrap().tools;
    let known: Vec<&str> = tools.known.keys().map(String::as_str).collect();
    assert_eq!(known, ["exec", "git/log", "git/push"]);
    let push = &tools.known["git/push"];
    let http = push.authority.http.as_ref().unwrap();
    // The bound of the workflow is part of its scope, not of the tool.
    assert!(http.allows("GET", "https", "api.github.com", 443).is_some());
    assert!(http.allows("GET", "https", "other.org", 443).is_none());
    assert_eq!(push.effect, Some(Effect::Repeatable));
    assert_eq!(tools.known["exec"].authority.http, None, "commands have no network by default");
    assert_eq!(tools.known["exec"].authority.secrets, None);
    assert_eq!(tools.servers.keys().collect::<Vec<_>>(), ["everything"]);
    assert_eq!(tools.secrets.keys().collect::<Vec<_>>(), ["github"]);

    let nothing = effective(&Requests::default(), &bundle.providers, &policy(POLICY), true);
    assert!(nothing.unwrap().tools.is_empty(), "who asks for no tools gets none");
}

#[test]
fn a_server_gets_the_secrets_that_are_meant_for_it_alone() {
    let requests = Requests { tools: vec!["x/*".into()], ..Requests::default() };
    let url = "[mcp.x]\nurl = \"https://x.org/mcp\"\nheaders = { A = \"Bearer secret:t\" }\n";
    let program = "[mcp.x]\ncommand = [\"serve\"]\nenv = { T = \"secret:t\" }\n";
    let secret = "[secrets.t]\nenv = \"T\"\nhosts = [\"https://x.org\"]\n";
    let elsewhere = "[secrets.t]\nenv = \"T\"\nhosts = [\"https://y.org\", \"http://x.org\"]\n";
    let some = "[secrets.t]\nenv = \"T\"\nhosts = [\"GET,POST https://x.org\"]\n";
    let grant = "[grant]\nsecrets = [\"*\"]\n";
    let deny = "[deny]\nsecrets = [\"t\"]\n";
    for (project, person, problem) in [
        (url.to_owned(), String::new(), Some("which nobody defines")),
        (format!("{url}{secret}"), String::new(), None),
        (format!("{program}{secret}"), String::new(), None),
        (format!("{url}{secret}{deny}"), String::new(), Some("which policy denies")),
        (format!("{url}{elsewhere}"), String::new(), Some("may not go to that host")),
        (format!("{url}{some}"), String::new(), Some("may not go to that host")),
        // What the person defined is not for a project to give away.
        (program.into(), secret.into(), Some("not granted to a server of the project")),
        (format!("{program}{grant}"), secret.into(), Some("not granted to a server")),
        (program.into(), format!("{secret}{grant}"), None),
        (String::new(), format!("{secret}{program}"), None),
        (secret.into(), url.into(), None),
        (secret.into(), format!("{url}{elsewhere}"), Some("may not go to that host")),
    ] {
        let policy = policy_of(&project, &person, &[]);
        let found = effective(&requests, &Providers::default(), &policy, false);
        match (found, problem) {
            (Ok(found), None) => assert_eq!(found.tools.servers.len(), 1, "{project}{person}"),
            (Err(error), Some(problem)) => {
                assert_eq!(error.code(), Some(Code::Policy));
                assert!(error.sentence().contains(problem), "{}", error.sentence());
            }
            (found, problem) => unreachable!("{project}{person}: {found:?}, {problem:?}"),
        }
    }
}

#[test]
fn the_secrets_of_a_person_are_granted_by_the_person() {
    let bundle = with_tools();
    let secret = "[secrets.github]\nenv = \"G\"\n[secrets.other]\nenv = \"O\"\n";
    let own = "[secrets.other]\nenv = \"O\"\n";
    let grant = "[grant]\nsecrets = [\"*\"]\n";
    let flag = [Flag { capability: Capability::Secrets, text: "github".into() }];
    for (project, person, flags, expected) in [
        (grant.to_owned(), secret.to_owned(), &[][..], &[][..]),
        (format!("{grant}{own}"), "[secrets.github]\nenv = \"G\"".into(), &[], &["other"]),
        (String::new(), format!("{grant}{secret}"), &[], &["github", "other"]),
        (grant.into(), secret.into(), &flag, &["github"]),
        (format!("{grant}{secret}"), String::new(), &[], &["github", "other"]),
    ] {
        let policy = policy_of(&project, &person, flags);
        let requests = &bundle.manifest.requests;
        let requests = Requests { tools: vec!["git/*".into()], ..requests.clone() };
        let tools = effective(&requests, &bundle.providers, &policy, false).unwrap().tools;
        let found: Vec<&str> = tools.secrets.keys().map(String::as_str).collect();
        assert_eq!(found, expected, "{project}\n{person}");
    }
}

#[test]
fn an_answer_is_what_was_offered_and_everything_else_is_no() {
    let all = Choices { always: true, forecast: true };
    for (line, choices, expected) in [
        ("y\n", all, Some(Answer::Once)),
        ("YES", Choices::default(), Some(Answer::Once)),
        ("a\n", all, Some(Answer::Always)),
        ("a\n", Choices::default(), None),
        ("f", all, Some(Answer::Forecast)),
        ("f", Choices::default(), None),
        ("c", Choices::default(), Some(Answer::Caps)),
        (" s \n", Choices::default(), Some(Answer::Source)),
        ("\n", all, None),
        ("", all, None),
        ("n", all, None),
        ("yy", all, None),
    ] {
        assert_eq!(answer(line, choices), expected, "{line:?}");
    }
    assert_eq!(
        all.words(),
        "[y / N / a = always / f = forecast / c = edit caps / s = show the source]"
    );
}
