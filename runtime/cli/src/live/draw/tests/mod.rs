//! A run whose records are made here, as it is drawn.

#![allow(clippy::unwrap_used, reason = "tests")]

mod progress;
mod told;
mod words;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Effect, Outage, Pause, Record, Start, Work};
use baton_core::report::Report;
use baton_core::scope::Capability;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{Denial, ToolOptions, ToolSpec};

use super::{Model, Timestamp, lines, screen};
use crate::live::model::Event;

/// A run whose records are made one after the other, 100 ms apart.
struct Story {
    model: Model,
    seq: u64,
    events: Vec<Option<Event>>,
}

impl Story {
    fn new() -> Self {
        let mut model = Model::default();
        model.title = Some(("flow".into(), "run_X".into()));
        Self { model, seq: 0, events: Vec::new() }
    }

    fn then(&mut self, body: Body) {
        self.seq += 1;
        let record = Record { seq: self.seq, at: Timestamp(self.seq * 100), body };
        self.events.push(self.model.apply(&record));
    }

    fn phase(&mut self, title: &str) {
        let report = Report::Phase { title: title.into() };
        let workflow = TaskPath::root();
        self.then(Body::Reported { workflow, digest: Digest::of(b""), fuel: 0, report });
    }

    fn agent(&mut self, path: &str, label: &str, phase: Option<&str>) {
        let options = AgentOptions {
            label: Some(label.into()),
            phase: phase.map(Into::into),
            ..AgentOptions::default()
        };
        let work = Box::new(Work::Agent {
            spec: AgentSpec { prompt: "do".into(), options, ..AgentSpec::default() },
            backend: "component:auditor".into(),
            effect: Effect::Read,
        });
        let task = path.parse().unwrap();
        self.then(Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work });
    }

    fn start(&mut self, path: &str) {
        self.then(Body::Started { tasks: vec![Start { task: path.parse().unwrap(), attempt: 1 }] });
    }

    fn end(&mut self, path: &str, failed: bool) {
        let outcome = if failed {
            Outcome::Failed(Failure::new(FailureKind::Failed, "exit-status", "exit 1"))
        } else {
            Outcome::Done(Handoff::default())
        };
        let usage = Usage { agents: 1, input_tokens: 500, ..Usage::default() };
        self.then(Body::Completed {
            task: path.parse().unwrap(),
            outcome,
            usage,
            reused_from: None,
        });
    }

    fn drawn(&self, columns: usize, rows: usize) -> String {
        let lines = screen(&self.model, Timestamp(self.seq * 100), columns, rows);
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }

    fn tool(&mut self, path: &str, tool: &str, by_agent: bool) {
        let input = baton_core::json::Json::null();
        let spec = ToolSpec { name: tool.into(), input, options: ToolOptions::default() };
        let (tool, effect) = (tool.to_owned(), Effect::Once);
        let work = Box::new(Work::Tool { spec, tool, authority: Box::default(), effect });
        let task = path.parse().unwrap();
        self.then(if by_agent {
            Body::Called { task, work }
        } else {
            Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work }
        });
    }

    fn denied(&mut self, path: &str) {
        let denial = Denial {
            capability: Capability::Http,
            code: "http-not-granted".into(),
            tried: "GET https://evil.org\n".into(),
            hint: "--grant 'http=GET https://evil.org'".into(),
        };
        self.then(Body::Denied { task: path.parse().unwrap(), denial });
    }

    fn asked(&mut self, path: &str, call: u32) {
        let (task, provider) = (path.parse().unwrap(), "anthropic".to_owned());
        let reserve = Usage { input_tokens: 5_000, cost_micro_usd: 50_000, ..Usage::default() };
        self.then(Body::Asked { task, call, provider, model: "m".into(), reserve });
    }

    fn turned(&mut self, path: &str, call: u32, estimated: bool) {
        let usage = Usage { input_tokens: 2_000, cost_micro_usd: 20_000, ..Usage::default() };
        let task = path.parse().unwrap();
        self.then(Body::Turned { task, call, content: None, usage, estimated });
    }

    fn deferred(&mut self, path: &str) {
        self.then(Body::Deferred {
            task: path.parse().unwrap(),
            attempt: 1,
            provider: "anthropic".into(),
            outage: Outage::Quota,
            failure: Failure::new(FailureKind::Failed, "quota", "later"),
            usage: Usage::default(),
            until: None,
        });
    }

    fn paused(&mut self, outage: Outage, until: Option<Timestamp>) {
        let (provider, message) = ("anthropic".into(), String::new());
        self.then(Body::Paused { reason: Pause::Provider { provider, outage, until, message } });
    }

    fn told(&self) -> String {
        let all: Vec<String> = self.events.iter().flat_map(lines).collect();
        anstream::adapter::strip_str(&all.join("\n")).to_string()
    }
}

fn story() -> Story {
    let mut story = Story::new();
    story.phase("Survey");
    story.agent("1", "whole tree", None);
    story.start("1");
    story.end("1", false);
    story.phase("Audit");
    for number in 2..=9 {
        story.agent(&number.to_string(), &format!("file-{number}.md"), Some("Audit"));
        story.start(&number.to_string());
    }
    story.end("2", true);
    story
}
