#![allow(clippy::unwrap_used, reason = "tests")]

mod asked;
mod scope;

use std::path::Path;

use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::limits::Limits;
use baton_core::manifest::{Manifest, Requests};
use baton_core::record::{BackendChoice, Program};
use baton_core::scope::Authority;
use baton_journal::store::Blob;
use serde_json::json;

use super::agents::AgentsView;
use super::screen::{Plan, screen};
use super::view::{Asked, View};
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
    shown_within(None, policy, bundle, root, caps, changed)
}

/// On a terminal of so many columns.
fn shown_within(
    columns: Option<usize>,
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
    anstream::adapter::strip_str(&screen(&plan, columns).join("\n")).to_string()
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
