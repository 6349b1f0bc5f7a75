//! A run whose records are made one after the other, 100 ms apart, as it is on the screen.

#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::gate::{GateOptions, GateSpec};
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::json::Json;
use baton_core::record::{Body, Effect, Record, RunStarted, Start, Work};
use baton_core::report::Report;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{ToolOptions, ToolSpec};
use baton_journal::rows::{RunRow, State as RunState};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw::{Theme, draw};
use super::key::Key;
use super::state::{Effect as Outside, State};
use super::update::update;
use crate::transcript::{Entry, What};

/// The run.
pub const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
/// When it began.
pub const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

/// The row of a run.
pub fn row(run: &str, name: &str, state: RunState, owned: bool) -> RunRow {
    RunRow {
        run: run.parse().unwrap(),
        name: name.into(),
        state,
        paused: None,
        owned,
        epoch: 1,
        created: BEGAN,
        updated: BEGAN.plus_ms(9_000),
        program: Digest::of(b"program"),
        records: 40,
        tasks: 12,
        failed_tasks: 0,
        usage: Usage::default(),
        shared: 0,
        failure: None,
        batch: None,
    }
}

/// A run on the screen.
pub struct Story {
    pub state: State,
    records: Vec<Record>,
}

impl Story {
    /// One that has just begun.
    pub fn new() -> Self {
        let mut story = Self { state: State::default(), records: Vec::new() };
        story.state.list(vec![row(RUN, "docs-audit", RunState::Running, true)]);
        let program = serde_json::json!({ "name": "docs-audit", "component": Digest::of(b"x") });
        let started = serde_json::json!({
            "format": 1, "run": RUN, "program": program, "input": { "topic": "limits" },
            "seed": Digest::of(b"seed"), "scope": {}, "by": "ada", "root": "/srv/docs",
            "script": { "phases": ["Survey", "Audit", "Report"] },
            "caps": { "cost_micro_usd": 5_000_000 },
        });
        let started: RunStarted = serde_json::from_value(started).unwrap();
        story.then(Body::RunStarted(Box::new(started)));
        story.state.runs[0].caught_up = true;
        story
    }

    pub fn then(&mut self, body: Body) {
        let seq = self.records.len() as u64 + 1;
        let record = Record { seq, at: BEGAN.plus_ms(seq * 100), body };
        self.state.now = record.at;
        let run = &mut self.state.runs[0];
        run.model.apply(&record);
        self.records.push(record);
        run.refresh(false);
        self.read();
    }

    /// Reads what is to be known of the selected task.
    pub fn read(&mut self) {
        let run = &mut self.state.runs[0];
        run.look();
        for seq in run.unread().to_vec() {
            let record = &self.records[seq as usize - 1];
            let entries = match &record.body {
                Body::AgentReported { task, report } => vec![Entry {
                    task: task.clone(),
                    at: record.at,
                    attempt: 1,
                    what: What::Reported(report.clone()),
                }],
                _ => Vec::new(),
            };
            run.detail.take(record, entries);
        }
    }

    pub fn phase(&mut self, title: &str) {
        let report = Report::Phase { title: title.into() };
        let workflow = TaskPath::root();
        self.then(Body::Reported { workflow, digest: Digest::of(b""), fuel: 0, report });
    }

    pub fn agent(&mut self, path: &str, label: &str) {
        let options = AgentOptions { label: Some(label.into()), ..AgentOptions::default() };
        let prompt = format!("Check every claim of {label} against the code.\nQuote the lines.");
        let spec = AgentSpec { prompt, options, ..AgentSpec::default() };
        let backend = "anthropic:claude-sonnet".into();
        self.spawn(path, Work::Agent { spec, backend, effect: Effect::Read });
    }

    pub fn gate(&mut self, path: &str, options: GateOptions, due: Option<Timestamp>) {
        let spec = GateSpec { question: "Publish the findings?".into(), options };
        self.spawn(path, Work::Gate { spec, due });
    }

    pub fn spawn(&mut self, path: &str, work: Work) {
        let (task, work) = (path.parse().unwrap(), Box::new(work));
        self.then(Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work });
    }

    pub fn tool(&mut self, path: &str, tool: &str) {
        let input: Json = serde_json::json!({ "path": "src/lib.rs" }).into();
        let spec = ToolSpec { name: tool.into(), input, options: ToolOptions::default() };
        let (tool, effect) = (tool.to_owned(), Effect::Read);
        let work = Box::new(Work::Tool { spec, tool, authority: Box::default(), effect });
        self.then(Body::Called { task: path.parse().unwrap(), work });
    }

    pub fn start(&mut self, path: &str) {
        self.then(Body::Started { tasks: vec![Start { task: path.parse().unwrap(), attempt: 1 }] });
    }

    pub fn asks(&mut self, path: &str, call: u32) {
        let (task, provider) = (path.parse().unwrap(), "anthropic".to_owned());
        let reserve = Usage { input_tokens: 5_000, cost_micro_usd: 50_000, ..Usage::default() };
        self.then(Body::Asked { task, call, provider, model: "m".into(), reserve });
    }

    pub fn done(&mut self, path: &str) {
        let summary = "3 claims hold, 1 does not".to_owned();
        let output = serde_json::json!({ "holds": 3, "fails": ["line 12"] }).into();
        self.end(path, Outcome::Done(Handoff { summary, output, ..Handoff::default() }));
    }

    pub fn failed(&mut self, path: &str) {
        let failure = Failure::new(FailureKind::Failed, "exit-status", "the program ended with 1");
        self.end(path, Outcome::Failed(failure));
    }

    pub fn end(&mut self, path: &str, outcome: Outcome) {
        let usage = Usage {
            agents: 1,
            input_tokens: 12_000,
            output_tokens: 340,
            cost_micro_usd: 41_000,
            ..Usage::default()
        };
        let task = path.parse().unwrap();
        self.then(Body::Completed { task, outcome, usage, reused_from: None });
    }

    /// Three phases: one done, one at work, one to come.
    pub fn fan_out() -> Self {
        let mut story = Self::new();
        story.phase("Survey");
        story.agent("1", "whole tree");
        story.start("1");
        story.done("1");
        story.phase("Audit");
        for number in 2..=7 {
            story.agent(&number.to_string(), &format!("docs/file-{number}.md"));
        }
        for number in 2..=5 {
            story.start(&number.to_string());
        }
        story.done("2");
        story.asks("3", 2);
        story.tool("4/1", "git/log");
        story.start("4/1");
        story
    }

    /// Presses keys; what is to be done outside.
    pub fn press(&mut self, keys: &str) -> Option<Outside> {
        let mut last = None;
        for c in keys.chars() {
            last = self.key(match c {
                '\n' => Key::Enter,
                '\x1b' => Key::Esc,
                '\t' => Key::Tab,
                '↓' => Key::Down,
                '↑' => Key::Up,
                '→' => Key::Right,
                '←' => Key::Left,
                c => Key::Char(c),
            });
        }
        last
    }

    pub fn key(&mut self, key: Key) -> Option<Outside> {
        let effect = update(&mut self.state, &key);
        self.read();
        effect
    }

    /// The screen as text. Drawn twice, as the size of pages is known only then.
    pub fn screen(&mut self, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        for _ in 0..2 {
            let mut metrics = self.state.metrics;
            let draw = |frame: &mut ratatui::Frame<'_>| {
                metrics = draw(frame.buffer_mut(), &self.state, Theme { colour: true }).0;
            };
            terminal.draw(draw).unwrap();
            self.state.drawn(metrics);
        }
        let buffer = terminal.backend().buffer();
        let lines = buffer.content().chunks(usize::from(columns)).map(|cells| {
            let line: String = cells.iter().map(|cell| cell.symbol()).collect();
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// The cells of the screen.
    pub fn cells(&self, columns: u16, rows: u16, theme: Theme) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        draw(&mut buffer, &self.state, theme);
        buffer
    }
}
