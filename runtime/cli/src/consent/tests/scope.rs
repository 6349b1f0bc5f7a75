//! What follows from what is asked for and granted.

use std::path::Path;

use baton_core::budget::Caps;
use baton_core::manifest::Requests;
use baton_core::record::{BackendChoice, Effect};
use baton_core::scope::{Capability, GlobLayer, Scope};

use super::{POLICY, bundle, policy, policy_of, shown_under, shown_within, with_tools};
use crate::codes::Code;
use crate::program::tools::Providers;
use crate::program::toolset::effective;
use crate::project::policy::{Flag, Policy};

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
          · commands may read anything below the root
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
fn on_a_terminal_lines_are_broken_between_words_and_go_on_below_their_text() {
    let changed = ["the tool component git changed: a is now b".to_owned()];
    let policy = policy(POLICY);
    let root = Some(Path::new("/repo"));
    let shown =
        |columns| shown_within(columns, &policy, &with_tools(), root, Caps::default(), &changed);
    let text = shown(Some(80));
    insta::assert_snapshot!(text, @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + call the tools git/*
      + call the tools nothing/here
      + call the tools everything/*

    Its tools
      · git /w/git.wasm sha256:9a881b9b9f23: log (once), push (repeatable:
        baton.toml:9)
          - may not read .git/**: it usually holds secrets and must be named:
            --grant 'read=.git/**'
          + may read src/**, but not src/private/** (baton.toml:2)
          + may write out/**, but only within out/a/** (baton.toml:3): --grant
            'write=out/**'
          + may send GET requests to https://api.github.com (baton.toml:4)
          - may not send requests to https://evil.org: the workflow that calls it
            asks for less
          + may use the secret github (baton.toml:5)
          - may not use the secret other: nobody defines it: [secrets.other],
            --grant 'secrets=other'
          · the secret github from $GITHUB_TOKEN (baton.toml:13), put only into
            requests to https://api.github.com
      · exec commands of this machine
          + may run `cargo test **` (baton.toml:6)
          - may not run `rm **`: --grant 'exec=rm **'
          · commands may read anything below the root
          · commands may write out/a/**
          · what is denied inside of that is NOT kept from commands: src/private/**
          · network false
      · everything npx -y 'server everything' (baton.toml:16)
          · a program with your rights: NOT sandboxed; what its tools do cannot be
            enforced
          · is given the secret github

    Tools that are not there
      - nothing/here: no such tool is installed
      - baton.toml:11: there is no tool `git/psuh`

    Held to
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Changed since you always allowed it
      ! the tool component git changed: a is now b

    Sandboxed code gets nothing else: no network, no writing, no other files, no
    environment.
    ");
    for columns in [60, 80, 120] {
        let broken = shown(Some(columns));
        assert!(broken.lines().all(|line| crate::text::width(line) <= columns), "{broken}");
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&text), words(&shown(None)), "nothing is lost");
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
