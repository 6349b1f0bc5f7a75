//! Matching what a guest attempts against what was recorded.

use std::collections::BTreeSet;
use std::fmt;

use crate::budget::{Amounts, Held};
use crate::digest::Digest;
use crate::files::FileRequest;
use crate::handoff::Usage;
use crate::ids::{TaskPath, Timestamp};
use crate::record::Work;

/// A guest attempted something else than its journal says. The run stops before any new effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Divergence {
    /// The workflow that diverged.
    pub workflow: TaskPath,
    /// Position among the commands of that workflow, from 1.
    pub position: u64,
    /// Sequence number of the record it should have repeated; none past the end of the record.
    pub seq: Option<u64>,
    /// What was recorded.
    pub recorded: Attempt,
    /// What was attempted.
    pub attempted: Attempt,
}

/// One side of a divergence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Kind of the command, such as `spawn-agent`.
    pub kind: &'static str,
    /// The command in words.
    pub summary: String,
    /// Digest of its content.
    pub digest: Digest,
    /// Fuel that was burnt before it.
    pub fuel: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({}, fuel {})", self.kind, self.summary, self.digest.short(), self.fuel)
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workflow, position, seq, recorded, attempted } = self;
        write!(f, "the replay diverged at command {position} of workflow /{workflow}")?;
        if let Some(seq) = seq {
            write!(f, " (record {seq})")?;
        }
        write!(f, "\n  recorded:  {recorded}\n  attempted: {attempted}")?;
        let differing: Vec<&str> = [
            ("kind", recorded.kind != attempted.kind),
            ("content", recorded.digest != attempted.digest),
            ("fuel", recorded.fuel != attempted.fuel),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
        write!(f, "\n  differs in: {}", differing.join(", "))
    }
}

/// What one instance of a workflow has repeated and seen so far.
///
/// It is not part of the run's state: dropping the instance drops it, and a new instance begins
/// with a new one.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(crate) workflow: TaskPath,
    pub(crate) position: usize,
    /// Tasks this instance has spawned so far. What the journal holds beyond is its future.
    pub(crate) spawned: u64,
    pub(crate) delivered: BTreeSet<u64>,
    /// Completions with lower sequence numbers were all delivered.
    pub(crate) floor: u64,
    pub(crate) messages: usize,
    /// It said that it takes messages.
    pub(crate) listens: bool,
    pub(crate) now: Timestamp,
    pub(crate) spent: Usage,
    /// Agents of delivered child workflows, which `spent` counts together with its own.
    pub(crate) child_agents: u64,
    /// What child workflows hold that were spawned and not delivered.
    pub(crate) held: Held,
    pub(crate) log_bytes: u64,
    pub(crate) artifact_bytes: u64,
    pub(crate) compare_fuel: bool,
}

impl Cursor {
    /// For a new instance of a workflow that began at `began`.
    ///
    /// `compare_fuel` is off where another component, or another engine, repeats what was recorded.
    #[must_use]
    pub fn new(workflow: TaskPath, began: Timestamp, compare_fuel: bool) -> Self {
        Self {
            workflow,
            position: 0,
            spawned: 0,
            delivered: BTreeSet::new(),
            floor: 0,
            messages: 0,
            listens: false,
            now: began,
            spent: Usage::default(),
            child_agents: 0,
            held: Held::default(),
            log_bytes: 0,
            artifact_bytes: 0,
            compare_fuel,
        }
    }

    /// What the rules of spawning know of this instance now.
    pub(crate) fn moment(&self) -> Moment {
        let Self { now, spent, child_agents, held, .. } = self;
        Moment { now: *now, spent: *spent, child_agents: *child_agents, held: *held }
    }

    /// An instance as it was at a moment, for the rules of spawning alone.
    pub(crate) fn at(workflow: TaskPath, moment: &Moment) -> Self {
        let Moment { now, spent, child_agents, held } = *moment;
        Self { spent, child_agents, held, ..Self::new(workflow, now, false) }
    }

    /// The workflow whose instance this is.
    #[must_use]
    pub fn workflow(&self) -> &TaskPath {
        &self.workflow
    }

    /// Virtual time: that of the last delivery, or of the workflow's start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Counts a task that this instance spawned; `budget` is what it holds, if it is a workflow.
    pub(crate) fn note_spawned(&mut self, number: u64, budget: Option<&Amounts>) {
        self.spawned = number;
        if let Some(budget) = budget {
            self.held.take(budget);
        }
    }

    /// Counts a task that was delivered to this instance.
    pub(crate) fn note_delivered(&mut self, number: u64, usage: &Usage, budget: Option<&Amounts>) {
        self.delivered.insert(number);
        self.spent.add(usage);
        if let Some(budget) = budget {
            self.held.give_back(budget);
            self.child_agents = self.child_agents.saturating_add(usage.agents);
        }
    }
}

/// What of an instance decides what its requests for tasks come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    now: Timestamp,
    spent: Usage,
    child_agents: u64,
    held: Held,
}

/// Kind of a command that asks for an agent.
pub(crate) const SPAWN_AGENT: &str = "spawn-agent";
/// Kind of a command that asks for a workflow.
pub(crate) const SPAWN_WORKFLOW: &str = "spawn-workflow";
/// Kind of a command that calls a tool.
pub(crate) const SPAWN_TOOL: &str = "spawn-tool";
/// Kind of a command that starts a timer.
pub(crate) const SLEEP: &str = "sleep";
/// Kind of a command that asks a person.
pub(crate) const GATE: &str = "gate";
/// Kind of a command that takes messages.
pub(crate) const LISTEN: &str = "listen";
/// Kind of a recorded refusal: which of them was refused, only the digest says.
pub(crate) const REFUSED: &str = "spawn";
/// Kind of a cancellation.
pub(crate) const CANCEL: &str = "cancel";
/// Kind of a file request.
pub(crate) const FILES: &str = "files";
/// What stands for a command where a workflow returned.
pub(crate) const END: &str = "end";
/// What stands for a command where a workflow waits for something that cannot come before it.
pub(crate) const WAIT: &str = "wait";
/// Kind of a report.
pub(crate) const REPORT: &str = "report";

/// Whether a recorded kind is that of an attempt.
pub(crate) fn same_kind(recorded: &str, attempted: &str) -> bool {
    recorded == attempted
        || (recorded == REFUSED
            && [SPAWN_AGENT, SPAWN_WORKFLOW, SPAWN_TOOL, SLEEP, GATE].contains(&attempted))
}

/// Kind of the command that asked for this work.
pub(crate) fn kind_of_work(work: &Work) -> &'static str {
    match work {
        Work::Agent { .. } => SPAWN_AGENT,
        Work::Tool { .. } => SPAWN_TOOL,
        Work::Workflow { .. } => SPAWN_WORKFLOW,
        Work::Sleep { .. } => SLEEP,
        Work::Gate { .. } => GATE,
    }
}

/// Work in a few words.
pub(crate) fn summary_of_work(work: &Work) -> String {
    match work {
        Work::Agent { spec, .. } => {
            let text = spec.options.label.as_deref().unwrap_or(&spec.prompt);
            format!("agent `{}`", shorten(text))
        }
        Work::Tool { tool, .. } => format!("tool `{}`", shorten(tool)),
        Work::Workflow { spec, .. } => format!("workflow `{}`", shorten(&spec.name)),
        Work::Sleep { .. } => "timer".into(),
        Work::Gate { spec, .. } => format!("gate `{}`", shorten(&spec.question)),
    }
}

/// A file request in a few words.
pub(crate) fn summary_of_request(request: &FileRequest) -> String {
    match request {
        FileRequest::Read { path } => format!("read `{}`", shorten(path)),
        FileRequest::List { .. } => "list".into(),
        FileRequest::Search { pattern, .. } => format!("search `{}`", shorten(pattern)),
        FileRequest::Stat { path } => format!("stat `{}`", shorten(path)),
    }
}

/// Characters of guest text shown in a divergence.
const SUMMARY_CHARS: usize = 80;

pub(crate) fn shorten(text: &str) -> String {
    shorten_to(text, SUMMARY_CHARS)
}

pub(crate) fn shorten_to(text: &str, chars: usize) -> String {
    let mut short: String = text.chars().take(chars).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
