//! Calls of tools: who may, with what authority, and what becomes of them after a crash.

mod agents;
mod calls;
mod recovery;

use std::collections::BTreeMap;

use super::fixture::started;
use crate::command::Command;
use crate::ids::TaskPath;
use crate::record::{Effect, RunStarted};
use crate::scope::{Authority, NameScope, ToolScope};
use crate::tool::{Provider, RawToolSpec, ToolDefinition, Tools};

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
