//! Runs to begin with, and requests to make.

use std::collections::BTreeMap;

use super::super::{Run, Wait};
use crate::budget::{Amounts, Caps};
use crate::command::{Command, Delivery, Reply};
use crate::digest::Digest;
use crate::handoff::{Handoff, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::json::Json;
use crate::limits::Limits;
use crate::manifest::AgentType;
use crate::model::{Api, Models, Price, ProviderDefinition};
use crate::record::{BackendChoice, Body, FORMAT, Program, Record, RunStarted};
use crate::replay::Cursor;
use crate::scope::{Authority, PathScope, Scope};
use crate::spec::{RawAgentSpec, RawWorkflowSpec};
use crate::tool::Tools;

pub const T0: Timestamp = Timestamp(1_000);

pub fn started() -> RunStarted {
    let digest = |text: &str| Digest::of(text.as_bytes());
    RunStarted {
        format: FORMAT,
        run: "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".parse().unwrap(),
        program: Program {
            name: "main".into(),
            component: digest("main"),
            script: None,
            scripts: BTreeMap::new(),
            workflows: BTreeMap::from([("child".into(), digest("child"))]),
            agents: BTreeMap::from([("pinned".into(), digest("pinned"))]),
            tools: BTreeMap::new(),
            requests: BTreeMap::new(),
            agent_types: BTreeMap::from([
                ("plain".into(), AgentType::default()),
                (
                    "tied".into(),
                    AgentType {
                        backend: Some("component:pinned".into()),
                        system: Some("be brief".into()),
                        ..AgentType::default()
                    },
                ),
                (
                    "sly".into(),
                    AgentType { backend: Some("command:rm -rf".into()), ..AgentType::default() },
                ),
            ]),
            instructions: Vec::new(),
            skills: BTreeMap::new(),
        },
        input: Json::null(),
        seed: digest("seed"),
        scope: Scope {
            read: Some(PathScope::default()),
            agents: true,
            workflows: true,
            tools: None,
        },
        tools: Tools::default(),
        root: None,
        base: None,
        backends: BackendChoice::default(),
        models: models(),
        workers: Authority::default(),
        continues: true,
        traceparent: None,
        budget: Amounts::default(),
        caps: Caps::default(),
        concurrency: None,
        limits: Limits::default(),
        script: None,
        own_files: Vec::new(),
        reuse: None,
        fork: None,
        follows: None,
        forecast: None,
        by: "tester".into(),
        engine: "engine 1".into(),
        batch: None,
    }
}

/// A provider `m`, all of whose models cost a millionth of a dollar per token sent.
pub fn models() -> Models {
    let provider = ProviderDefinition {
        api: Api::Anthropic,
        base_url: "http://127.0.0.1:1/".into(),
        key: None,
        requests_per_minute: None,
        tokens_per_minute: None,
        concurrency: None,
        recorded: None,
    };
    Models {
        providers: BTreeMap::from([("m".into(), provider)]),
        tiers: BTreeMap::from([
            ("small".into(), "m:s".into()),
            ("m/medium".into(), "m:x".into()),
            ("large".into(), "m:l".into()),
        ]),
        prices: BTreeMap::from([("m:*".into(), Price { input: 1_000_000, ..Price::default() })]),
    }
}

/// A run, its root's cursor and everything it recorded.
pub struct Bench {
    pub run: Run,
    pub cursor: Cursor,
    pub journal: Vec<Record>,
    pub now: Timestamp,
}

impl Bench {
    pub fn new() -> Self {
        Self::of(started())
    }

    pub fn of(started: RunStarted) -> Self {
        let run = Run::start(started, T0);
        let mut bench = Self {
            run,
            cursor: Cursor::new(TaskPath::root(), T0, true),
            journal: Vec::new(),
            now: T0,
        };
        bench.flush();
        bench
    }

    /// The same journal in the hands of a new owner.
    pub fn crashed(mut self) -> Self {
        self.flush();
        Self::replayed(&self.journal)
    }

    pub fn replayed(journal: &[Record]) -> Self {
        let run = Run::from_records(journal.to_vec()).unwrap();
        Self {
            run,
            cursor: Cursor::new(TaskPath::root(), T0, true),
            journal: journal.to_vec(),
            now: T0,
        }
    }

    /// Makes everything durable, and returns the actions.
    pub fn flush(&mut self) -> Vec<crate::action::Action> {
        let outbox = self.run.take_outbox();
        self.journal.extend(outbox.records);
        let last = self.journal.last().map_or(0, |record| record.seq);
        self.run.mark_durable(last);
        outbox.actions
    }

    pub fn later(&mut self) -> Timestamp {
        self.now = self.now.plus_ms(10);
        self.now
    }

    pub fn command(&mut self, command: Command) -> Reply {
        let at = self.later();
        let reply = self.run.command(&mut self.cursor, command, 7, at).unwrap();
        self.flush();
        reply
    }

    pub fn spawn(&mut self, command: Command) -> u64 {
        match self.command(command) {
            Reply::Task(number) => number,
            other => panic!("{other:?}"),
        }
    }

    pub fn refusal(&mut self, command: Command) -> crate::refusal::Refusal {
        match self.command(command) {
            Reply::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub fn start(&mut self, path: &str) -> u32 {
        let at = self.later();
        let starts = self.run.start_tasks(&[path.parse().unwrap()], at);
        self.flush();
        starts[0].attempt
    }

    pub fn end(&mut self, path: &str, usage: Usage) {
        let at = self.later();
        let outcome = Outcome::Done(Handoff::default());
        self.run.task_ended(&path.parse().unwrap(), outcome, usage, at);
        self.flush();
    }

    pub fn wait(&mut self, tasks: Option<&[u64]>) -> Option<Delivery> {
        match self.run.wait(&mut self.cursor, tasks).unwrap() {
            Wait::Ready(delivery) => Some(delivery),
            Wait::Pending => None,
        }
    }

    pub fn kinds(&self) -> Vec<String> {
        self.journal
            .iter()
            .map(|record| match &record.body {
                Body::Completed { task, outcome, .. } => {
                    let how = outcome.failure().map_or("done", |f| f.kind.as_str());
                    format!("completed {task} {how}")
                }
                other => {
                    let value = serde_json::to_value(other).unwrap();
                    value.as_object().unwrap().keys().next().unwrap().clone()
                }
            })
            .collect()
    }
}

pub fn agent(prompt: &str) -> Command {
    agent_with(prompt, r#"{"backend":"component:pinned"}"#)
}

pub fn agent_with(prompt: &str, options: &str) -> Command {
    Command::SpawnAgent(RawAgentSpec {
        prompt: prompt.into(),
        input: None,
        schema: None,
        options: options.into(),
    })
}

pub fn workflow(options: &str) -> Command {
    Command::SpawnWorkflow(RawWorkflowSpec {
        name: "child".into(),
        input: "{}".into(),
        options: options.into(),
    })
}

pub fn tokens(input: u64) -> Usage {
    Usage { input_tokens: input, ..Usage::default() }
}
