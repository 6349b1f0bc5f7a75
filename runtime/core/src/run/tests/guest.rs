//! Programs that stand in for guests: what they do next follows from a seed and, unless they are
//! `free`, from everything they were told.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::{CommandError, Run, Wait};
use super::coverage::Coverage;
use crate::command::{Command, Delivery, Reply};
use crate::digest::Digest;
use crate::files::{EntryKind, FileRequest, Observation};
use crate::gate::RawGateSpec;
use crate::handoff::{Artifact, FailureKind, Handoff, Outcome};
use crate::ids::Timestamp;
use crate::json::Json;
use crate::replay::Cursor;
use crate::report::{Level, Report};
use crate::spec::{RawAgentSpec, RawWorkflowSpec};

pub fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

pub struct Guest {
    seed: u64,
    told: u64,
    step: u64,
    steps: u64,
    free: bool,
    fuel: u64,
    open: Vec<u64>,
    waiting: Option<Option<Vec<u64>>>,
    results: BTreeMap<u64, String>,
}

pub enum Progress {
    Stepped,
    Blocked,
    /// It would now go beyond what is recorded.
    AtTheEnd,
    Ended(Outcome, u64),
    Failed(CommandError),
}

/// The world of one step.
pub struct Step<'a> {
    pub run: &'a mut Run,
    pub cursor: &'a mut Cursor,
    pub at: Timestamp,
    /// Whether to stop instead of adding records.
    pub replay_only: bool,
    pub tell: &'a mut dyn FnMut(String),
    pub coverage: &'a mut Coverage,
}

impl Guest {
    pub fn input(seed: u64, steps: u64, free: bool) -> Json {
        serde_json::json!({ "seed": seed, "steps": steps, "free": free }).into()
    }

    pub fn new(input: &Json) -> Self {
        let value = input.value();
        Self {
            seed: value["seed"].as_u64().unwrap(),
            told: 0,
            step: 0,
            steps: value["steps"].as_u64().unwrap(),
            free: value["free"].as_bool().unwrap(),
            fuel: 0,
            open: Vec::new(),
            waiting: None,
            results: BTreeMap::new(),
        }
    }

    fn told(&mut self, world: &mut Step<'_>, line: String) {
        let budget = world.run.budget(world.cursor);
        let line = format!("{line} @{} {budget:?}", world.cursor.now().0);
        self.told = hash((self.told, &line));
        (world.tell)(line);
    }

    pub fn step(&mut self, world: &mut Step<'_>) -> Progress {
        if let Some(list) = self.waiting.clone() {
            return self.wait(world, list);
        }
        if self.step >= self.steps {
            if self.open.is_empty() || (!self.free && self.told.is_multiple_of(2)) {
                let output = if self.free {
                    serde_json::json!(self.results)
                } else {
                    serde_json::json!(self.told)
                };
                let handoff = Handoff { output: output.into(), ..Handoff::default() };
                return Progress::Ended(Outcome::Done(handoff), self.fuel);
            }
            self.waiting = Some(Some(self.open.clone()));
            return Progress::Stepped;
        }
        let told = if self.free { 0 } else { self.told };
        let dice = hash((self.seed, self.step, told));
        self.fuel += 10 + dice % 7;
        let pick = dice / 7 % 100;
        let more = dice / 700;
        let command = match pick {
            0..30 => self.agent(more),
            30..38 => self.workflow(more),
            38..42 => Command::Sleep { ms: self.sleep(more) },
            42..44 => gate(more),
            44..46 if !self.free => Command::Listen,
            46..52 if !self.free => Command::Cancel { task: more % 7 },
            46..60 => Command::Report(report(more)),
            60..68 => return self.observe(world, more),
            68..84 => {
                self.step += 1;
                self.waiting = Some(None);
                return Progress::Stepped;
            }
            _ => {
                self.step += 1;
                let mut list: Vec<u64> =
                    self.open.iter().copied().take(1 + more as usize % 3).collect();
                if !self.free && more.is_multiple_of(5) {
                    list.push(more % 9);
                }
                self.waiting = Some(Some(list));
                return Progress::Stepped;
            }
        };
        if self.stops(world) {
            return Progress::AtTheEnd;
        }
        self.step += 1;
        if let Some(requests) = &mut world.coverage.requests
            && let Some((seq, request)) = world.run.request(world.cursor, &command)
        {
            requests.add(seq, request);
        }
        let name = format!("{command:?}");
        match world.run.command(world.cursor, command, self.fuel, world.at) {
            Ok(reply) => {
                if let Reply::Task(number) = reply {
                    self.open.push(number);
                }
                self.told(world, format!("{name} -> {reply:?}"));
                Progress::Stepped
            }
            Err(error) => Progress::Failed(error),
        }
    }

    fn stops(&self, world: &Step<'_>) -> bool {
        world.replay_only && world.run.next_recorded(world.cursor).is_none()
    }

    fn agent(&self, more: u64) -> Command {
        let options = match more % 16 {
            0 if !self.free => r#"{"colour":1}"#.to_owned(),
            1 if !self.free => r#"{"agent_type":"nobody"}"#.to_owned(),
            2 if !self.free => r#"{"backend":"command:rm"}"#.to_owned(),
            3..6 => r#"{"provider":"m","label":"b"}"#.to_owned(),
            6..9 => r#"{"provider":"m","ladder":{"rungs":["x","x"]}}"#.to_owned(),
            _ => format!(r#"{{"backend":"component:pinned","label":"a{}"}}"#, more % 5),
        };
        Command::SpawnAgent(RawAgentSpec {
            prompt: format!("do {}", more % 11),
            input: more.is_multiple_of(3).then(|| r#"{"a": 1}"#.to_owned()),
            schema: None,
            options,
        })
    }

    fn workflow(&self, more: u64) -> Command {
        let steps = self.steps / 2;
        let known = self.free || !more.is_multiple_of(8);
        Command::SpawnWorkflow(RawWorkflowSpec {
            name: if known { "child" } else { "stranger" }.into(),
            input: Self::input(hash((self.seed, self.step)), steps, self.free).to_string(),
            options: match more % 3 {
                0 if !self.free => r#"{"budget":{"agents":2},"read":["docs/**"]}"#.into(),
                _ => "{}".into(),
            },
        })
    }

    fn sleep(&self, more: u64) -> u64 {
        if !self.free && more.is_multiple_of(9) { u64::MAX } else { more % 50 }
    }

    fn observe(&mut self, world: &mut Step<'_>, more: u64) -> Progress {
        let request = FileRequest::Stat { path: format!("f{}", more % 4) };
        match world.run.observation(world.cursor, &request, self.fuel) {
            Err(error) => return Progress::Failed(error),
            Ok(Some(seen)) => {
                self.step += 1;
                self.told(world, format!("{request:?} -> {seen:?}"));
                return Progress::Stepped;
            }
            Ok(None) => {}
        }
        if world.replay_only {
            return Progress::AtTheEnd;
        }
        self.step += 1;
        // The world changes: only the record makes this the same again.
        let seen = Observation::Entry(crate::files::Entry {
            path: format!("f{}", more % 4),
            kind: EntryKind::File,
            size: world.at.0,
        });
        let line = format!("{request:?} -> {seen:?}");
        if let Err(error) = world.run.observed(world.cursor, request, seen, self.fuel, world.at) {
            return Progress::Failed(error);
        }
        self.told(world, line);
        Progress::Stepped
    }

    fn wait(&mut self, world: &mut Step<'_>, list: Option<Vec<u64>>) -> Progress {
        let result = world.run.wait(world.cursor, list.as_deref());
        world.coverage.mark(if list.is_some() { "wait list" } else { "wait any" });
        match &result {
            Ok(Wait::Pending) => {
                if let Some(divergence) = world.run.waits_in_vain(world.cursor, self.fuel) {
                    return Progress::Failed(CommandError::Diverged(divergence));
                }
                return Progress::Blocked;
            }
            Ok(Wait::Ready(delivery)) => self.delivered(delivery, world.coverage),
            Err(error) => world.coverage.mark(format!("wait {error:?}")),
        }
        self.waiting = None;
        self.told(world, format!("wait {list:?} -> {result:?}"));
        Progress::Stepped
    }

    fn delivered(&mut self, delivery: &Delivery, coverage: &mut Coverage) {
        match delivery {
            Delivery::Completion { task, outcome, .. } => {
                coverage.mark(match outcome.failure().map(|failure| failure.kind) {
                    None => "delivery done",
                    Some(FailureKind::Cancelled) => "delivery cancelled",
                    Some(_) => "delivery failed",
                });
                self.open.retain(|open| open != task);
                self.results.insert(*task, format!("{outcome:?}"));
            }
            Delivery::Message { .. } => coverage.mark("delivery message"),
        }
    }
}

fn report(more: u64) -> Report {
    match more % 4 {
        0 => Report::Phase { title: format!("phase {}", more % 3) },
        1 => Report::Log { level: Level::Info, text: "x".repeat((more % 90) as usize) },
        2 => Report::Progress { done: more % 10, total: None },
        _ => Report::Artifact(Artifact {
            name: "out.md".into(),
            media_type: "text/markdown".into(),
            digest: Digest::of(b"out"),
            size: 3,
        }),
    }
}

fn gate(dice: u64) -> Command {
    let options = match dice % 3 {
        0 => r#"{"deadline_ms": 5, "default": true}"#,
        1 => r#"{"deadline_ms": 7}"#,
        _ => r#"{"colour": "red"}"#,
    };
    Command::AskGate(RawGateSpec {
        question: "go on?".into(),
        options: options.into(),
        problem: None,
    })
}
