//! What records change of the tasks and of the numbers that they count in.

use baton_core::handoff::{FailureKind, Handoff, Outcome};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Record, Work};
use baton_journal::rows::State;
use serde_json::Value;

use super::event::Event;
use super::{Branch, Counts, Doing, Group, Kind, Model, ROOT, Task};
use crate::spend::Spent;

/// Characters that are kept of what a task handed over.
const SUMMARY: usize = 80;

/// The beginning of what was handed over: its summary, or else its text.
fn beginning(handoff: &Handoff) -> String {
    let from = |text: &str| text.trim_start().chars().take(SUMMARY).collect::<String>();
    if !handoff.summary.trim().is_empty() {
        return from(&handoff.summary);
    }
    match handoff.output.value() {
        Value::String(text) => from(&text),
        _ => String::new(),
    }
}

impl Model {
    /// A task that was at work waits to be started again.
    pub(super) fn put_off(&mut self, path: &TaskPath, doing: Doing) {
        let was_working = self.working.remove(path);
        let Some(place) = self.places.get(path).copied() else { return };
        let Some(task) = self.tasks.get_mut(place) else { return };
        if task.ended.is_some() {
            return;
        }
        task.state = State::Queued;
        task.started = None;
        task.doing = doing;
        let (kind, phase) = (task.kind, task.phase);
        if was_working {
            self.count(kind, phase, |counts| counts.working -= 1);
        }
        if let Some(phase) = phase.and_then(|phase| self.phases.get_mut(phase)) {
            phase.open.remove(&place);
        }
    }

    pub(super) fn spawned(&mut self, path: &TaskPath, work: &Work, record: &Record) {
        let parent = path.parent().unwrap_or_default();
        let parent = self.places.get(&parent).copied().unwrap_or(ROOT);
        let label = work.label().unwrap_or(work.kind()).to_owned();
        let mut task = Task::new(path.clone(), Kind::of(work), label, record.at);
        task.parent = parent;
        task.records.push(record.seq);
        let named = match work {
            Work::Agent { spec, backend, .. } => {
                task.backend = Some(backend.clone());
                &spec.options.phase
            }
            Work::Tool { spec, tool, .. } => {
                task.backend = Some(tool.clone());
                &spec.options.phase
            }
            Work::Gate { spec, due } => {
                (task.gate, task.due) = (Some(Box::new(spec.clone())), *due);
                self.gates.insert(path.clone());
                &spec.options.phase
            }
            Work::Workflow { spec, .. } => &spec.options.phase,
            Work::Sleep { due } => {
                task.due = Some(*due);
                self.timers += 1;
                &None
            }
        };
        task.phase = match named {
            Some(title) => Some(self.phase(title)),
            None => self.current.get(&parent).copied(),
        };
        if task.kind == Kind::Agent {
            // The compact view counts every agent in some phase.
            let phase = task.phase.unwrap_or_else(|| self.phase(""));
            task.phase = Some(phase);
        }
        if task.kind.is_performed() {
            self.count(task.kind, task.phase, |counts| counts.spawned += 1);
        }
        let place = self.tasks.len();
        if let (Kind::Gate, Some(phase)) =
            (task.kind, task.phase.and_then(|phase| self.phases.get_mut(phase)))
        {
            phase.open.insert(place);
        }
        task.group = self.hang(parent, task.phase, place);
        self.places.insert(path.clone(), place);
        self.tasks.push(task);
    }

    /// Hangs a task below another: in the group of its phase, if it has one with a title.
    fn hang(&mut self, parent: usize, phase: Option<usize>, place: usize) -> Option<usize> {
        let titled = phase
            .filter(|phase| self.phases.get(*phase).is_some_and(|phase| !phase.title.is_empty()));
        let above = self.tasks.get_mut(parent)?;
        let Some(phase) = titled.filter(|_| above.kind == Kind::Workflow) else {
            above.branches.push(Branch::Task(place));
            return None;
        };
        let found = above.groups.iter().position(|group| group.phase == phase);
        let group = found.unwrap_or_else(|| {
            above.groups.push(Group { phase, ..Group::default() });
            above.branches.push(Branch::Group(above.groups.len() - 1));
            above.groups.len() - 1
        });
        if let Some(group) = above.groups.get_mut(group) {
            group.members.push(place);
        }
        Some(group)
    }

    pub(super) fn started(&mut self, path: &TaskPath, attempt: u32, at: Timestamp) {
        let Some(place) = self.places.get(path).copied() else { return };
        let Some(task) = self.tasks.get_mut(place).filter(|task| task.ended.is_none()) else {
            return;
        };
        task.started.get_or_insert(at);
        task.attempt = attempt;
        task.doing = Doing::Unknown;
        let (kind, phase, parent) = (task.kind, task.phase, task.parent);
        if !kind.is_performed() {
            return;
        }
        task.state = State::Running;
        let name = task.backend.clone().unwrap_or_default();
        if !self.working.insert(path.clone()) {
            return;
        }
        self.count(kind, phase, |counts| counts.working += 1);
        if !self.called_by_agent(path)
            && let Some(phase) = phase.and_then(|phase| self.phases.get_mut(phase))
        {
            phase.open.insert(place);
        }
        if let Some(agent) = self.tasks.get_mut(parent).filter(|task| task.kind == Kind::Agent) {
            agent.doing = Doing::Tool(name);
        }
    }

    pub(super) fn completed(
        &mut self,
        path: &TaskPath,
        outcome: &Outcome,
        at: Timestamp,
    ) -> Option<Event> {
        let place = *self.places.get(path)?;
        let task = self.tasks.get_mut(place).filter(|task| task.ended.is_none())?;
        let failure = outcome.failure();
        task.state = match failure {
            None => State::Done,
            Some(failure) if failure.kind == FailureKind::Cancelled => State::Cancelled,
            Some(_) => State::Failed,
        };
        task.ended = Some(at);
        task.doing = Doing::Unknown;
        let why = failure.map(|failure| match failure.kind {
            // Whether it happened is for a person to find out.
            FailureKind::InDoubt => format!("in doubt: {failure}"),
            _ => failure.to_string(),
        });
        task.failure.clone_from(&why);
        task.summary = outcome.handoff().map(beginning).unwrap_or_default();
        // What was cancelled did not fail.
        let failed = task.state == State::Failed;
        let (kind, phase, parent, group) = (task.kind, task.phase, task.parent, task.group);
        let (name, label) = (task.backend.clone().unwrap_or_default(), task.label.clone());
        if let Some(phase) = phase.and_then(|phase| self.phases.get_mut(phase)) {
            phase.open.remove(&place);
        }
        let was_working = self.working.remove(path);
        if kind.is_performed() {
            self.count(kind, phase, |counts| {
                counts.ended += 1;
                counts.failed += u64::from(failed);
                counts.working -= u64::from(was_working);
            });
        }
        if kind == Kind::Timer {
            self.timers = self.timers.saturating_sub(1);
        }
        self.gates.remove(path);
        if let Some(above) = self.tasks.get_mut(parent) {
            if above.doing == Doing::Tool(name) {
                above.doing = Doing::Unknown;
            }
            if let Some(group) = group.and_then(|group| above.groups.get_mut(group)) {
                group.ended += 1;
                group.failed += usize::from(failed);
            }
        }
        let task = format!("/{path}");
        match why {
            Some(why) => Some(Event::Failed { task, label, why }),
            None if kind == Kind::Gate => {
                let how = outcome.handoff().map(|handoff| handoff.summary.clone());
                Some(Event::Answered { task, how: how.unwrap_or_default() })
            }
            None => None,
        }
    }

    pub(super) fn spent(&mut self, spent: &Spent<'_>) {
        spent.add_to(&mut self.usage);
        let Some(place) = self.places.get(spent.task).copied() else { return };
        let mut next = Some(place);
        let (mut group, mut phase) = (None, None);
        while let Some(at) = next {
            let Some(task) = self.tasks.get_mut(at) else { break };
            if let Some(usage) = group
                .and_then(|group: usize| task.groups.get_mut(group))
                .map(|group| &mut group.usage)
            {
                spent.add_to(usage);
            }
            // Whoever called a tool says itself what it consumed.
            if at == place || task.kind == Kind::Workflow {
                spent.add_to(&mut task.usage);
                phase = phase.or(task.phase.filter(|_| task.kind == Kind::Agent));
            }
            group = task.group;
            next = (at != ROOT).then_some(task.parent);
        }
        if let Some(phase) = phase.and_then(|phase| self.phases.get_mut(phase)) {
            spent.add_to(&mut phase.usage);
        }
    }

    /// Changes the numbers that an agent or a call of a tool counts in.
    fn count(&mut self, kind: Kind, phase: Option<usize>, change: impl Fn(&mut Counts)) {
        if kind == Kind::Tool {
            change(&mut self.tools);
            return;
        }
        change(&mut self.total);
        if let Some(phase) = phase.and_then(|phase| self.phases.get_mut(phase)) {
            change(&mut phase.counts);
        }
    }
}
