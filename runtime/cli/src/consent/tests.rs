#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::budget::Caps;
use baton_core::digest::Digest;
use baton_core::record::BackendChoice;
use baton_journal::store::Blob;
use serde_json::json;

use super::*;

fn bundle(backends: BackendChoice) -> Bundle {
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
        agents: Default::default(),
        agent_types: manifest.agents.clone(),
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
    }
}

fn shown(bundle: &Bundle, root: Option<&Path>, caps: Caps) -> String {
    let limits = Limits::default();
    let plan = Plan {
        bundle,
        root,
        caps: &caps,
        concurrency: 16,
        limits: &limits,
        budget: &Amounts::default(),
        runs: 1,
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
    let chosen = bundle(BackendChoice { all: None, by_type });
    let caps = Caps { agents: Some(50), cost_micro_usd: Some(5_000_000), ..Caps::default() };
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

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");
}

#[test]
fn the_scope_is_what_is_requested_and_granted() {
    let requests = bundle(BackendChoice::default()).manifest.requests;
    let without = scope(&requests, None);
    assert_eq!((without.read, without.agents, without.workflows), (None, true, true));

    let with = scope(&requests, Some(Path::new("/docs")));
    let layers = with.read.unwrap().layers;
    assert_eq!(layers[0].include, ["**/*.md"]);
    assert!(layers.contains(&GlobLayer::no_secrets()), "secrets are outside of every grant");

    let nothing = scope(&Requests::default(), Some(Path::new("/docs")));
    assert_eq!(nothing, Scope::default(), "what is not requested is not granted");
}
