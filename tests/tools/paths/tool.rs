//! The corpus through a tool: a guest does every act straight through `wasi:filesystem`.

use std::sync::{Arc, Mutex};

use baton_core::handoff::Outcome;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Authority;
use baton_core::tool::Denial;
use baton_host::files::Root;
use baton_host::port::PortError;
use baton_host::tool::{ToolCall, ToolGrant, WarmTool};
use baton_host::{Host, HostConfig};
use baton_test_support::guest;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::judge::{self, Escape};
use super::yard::{Layout, Yard};

/// Acts on the same tree, one after the other.
pub struct Tool {
    runtime: Runtime,
    host: Host,
    warm: WarmTool,
    denials: Arc<Mutex<Vec<Denial>>>,
}

impl Tool {
    pub fn new(yard: &Yard, authority: Authority, limits: &Limits) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let host = Host::new(HostConfig { cache_dir: None, live_max: 4 }).unwrap();
        let denials: Arc<Mutex<Vec<Denial>>> = Arc::default();
        let told = Arc::clone(&denials);
        let grant = ToolGrant {
            root: Some(Arc::new(Root::open(&yard.root()).unwrap())),
            authority: Arc::new(authority),
            environment: Vec::new(),
            secrets: Vec::new(),
            certificates: Arc::default(),
            denied: Arc::new(move |denial| told.lock().unwrap().push(denial)),
        };
        let loaded = host.load(guest("path-tool")).unwrap();
        let warm = host.warm_tool(&loaded, limits, grant);
        Self { runtime, host, warm, denials }
    }

    /// How a call ended.
    pub fn outcome(&mut self, name: &str, input: &Value) -> Result<Outcome, PortError> {
        let Self { runtime, host, warm, .. } = self;
        let call =
            ToolCall { name: name.into(), input: Json::from(input.clone()), traceparent: None };
        runtime.block_on(async { warm.call(host.slot().await, call).await }).end.outcome
    }

    fn call(&mut self, name: &str, input: &Value) -> Value {
        match self.outcome(name, input) {
            Ok(Outcome::Done(handoff)) => serde_json::from_str(handoff.output.as_str()).unwrap(),
            other => panic!("{name} {input}: {other:?}"),
        }
    }

    /// The names of what it can do.
    pub fn acts(&mut self) -> Vec<String> {
        serde_json::from_value(self.call("acts", &Value::Null)).unwrap()
    }

    /// What was denied so far.
    pub fn denials(&self) -> Vec<Denial> {
        self.denials.lock().unwrap().clone()
    }

    /// What an act was told.
    pub fn act(&mut self, yard: &Yard, act: &str, path: &str) -> Result<String, String> {
        let answer = self.call("act", &json!({ "act": act, "path": path, "at": yard.base() }));
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        text("told").ok_or_else(|| text("error").unwrap())
    }
}

/// Every act with every path; what got out.
pub fn attack(layout: Layout) -> Vec<Escape> {
    let yard = Yard::new(layout);
    let mut tool = Tool::new(&yard, yard.authority(), &Limits::default());
    let acts = tool.acts();
    assert!(acts.len() >= 16, "{acts:?}");
    honest_paths_work(&yard, &mut tool);
    let mut escapes = Vec::new();
    let mut done = 0;
    for path in super::corpus() {
        let path = yard.seen(&path);
        for act in &acts {
            let told = tool.act(&yard, act, &path);
            let told = told.as_deref().map_err(String::as_str);
            escapes.extend(judge::escape(&yard, act, &path, told));
            if judge::changes(act, told) {
                yard.plant();
            }
            done += 1;
        }
    }
    assert!(done >= 4_081, "{done} acts");
    escapes
}

/// What stays inside works: refusals mean something.
fn honest_paths_work(yard: &Yard, tool: &mut Tool) {
    for (act, path, expected) in [
        ("read", "file.md", Ok("inside")),
        ("read-at-once", "sub/../file.md", Ok("inside")),
        ("list", "sub", Ok("deeper\nfile.md")),
        ("stat", "file.md", Ok("DescriptorType::RegularFile size=6")),
        ("canonicalise", "sub/./deeper/../file.md", Ok("sub/file.md")),
        ("write", "new.md", Ok("")),
        ("append", "new.md", Ok("")),
        ("read", "new.md", Ok("written-by-the-toolwritten-by-the-tool")),
        ("make-directories", "a/b/c", Ok("")),
        ("rename-from", "sub/file.md", Ok("")),
        ("hard-link-to", "linked.md", Ok("")),
        ("soft-link-to", "soft.md", Ok("")),
        ("read-link", "soft.md", Ok("file.md")),
        ("read", "soft.md", Ok("inside")),
        ("set-times", "file.md", Ok("")),
        ("remove-file", "linked.md", Ok("")),
        ("remove-tree", "a", Ok("")),
        ("truncate", "file.md", Ok("")),
        ("stat", "file.md", Ok("DescriptorType::RegularFile size=0")),
        ("read", "nothing.md", Err("no-entry")),
        (
            "read",
            "out/secret.txt",
            Err(if yard.layout() == Layout::Root { "not-permitted" } else { "no-entry" }),
        ),
        ("write", "../outside/new", Err("not-permitted")),
    ] {
        let base = yard.base();
        let mut found = tool.act(yard, act, &yard.seen(path));
        if let Ok(told) = &mut found {
            let mut names: Vec<&str> = told.split('\n').collect();
            names.sort_unstable();
            *told = names.join("\n");
            if act == "canonicalise" && !base.is_empty() {
                *told = told.trim_start_matches("in/").to_owned();
            }
        }
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{act} {path}");
    }
    yard.plant();
}
