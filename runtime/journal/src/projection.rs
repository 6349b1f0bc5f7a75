//! Derives the rows of runs and tasks from records. Pure: the same records give the same rows,
//! whether they come one by one or all at once.

use std::collections::BTreeMap;
use std::convert::Infallible;

use baton_core::handoff::{Failure, FailureKind, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Pause, Record, RunStarted, Start, Work};

use crate::rows::{RunRow, State, TaskRow};

/// Where task rows are kept while records are applied.
pub trait Tasks {
    /// What can go wrong there.
    type Error;

    /// The row of a task of the run, if there is one.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn get(&mut self, path: &TaskPath) -> Result<Option<TaskRow>, Self::Error>;

    /// Keeps a row in place of the one with the same path.
    ///
    /// # Errors
    /// When the row cannot be kept.
    fn put(&mut self, row: TaskRow) -> Result<(), Self::Error>;
}

impl Tasks for BTreeMap<TaskPath, TaskRow> {
    type Error = Infallible;

    fn get(&mut self, path: &TaskPath) -> Result<Option<TaskRow>, Infallible> {
        Ok(BTreeMap::get(self, path).cloned())
    }

    fn put(&mut self, row: TaskRow) -> Result<(), Infallible> {
        self.insert(row.path.clone(), row);
        Ok(())
    }
}

/// The row of a run whose first record was made at `at`. Unowned, with epoch 1.
#[must_use]
pub fn begun(started: &RunStarted, at: Timestamp) -> RunRow {
    RunRow {
        run: started.run.clone(),
        name: started.name().to_owned(),
        state: State::Running,
        paused: None,
        owned: false,
        epoch: 1,
        created: started.fork.as_ref().map_or(at, |fork| fork.made),
        updated: at,
        program: started.program.digest(),
        records: 1,
        tasks: 0,
        failed_tasks: 0,
        usage: Usage::default(),
        failure: None,
        batch: started.batch.as_ref().map(|place| (place.batch.clone(), place.line)),
        shared: started.fork.as_ref().map_or(0, |fork| fork.records),
    }
}

/// Applies one more record to a run and its tasks. Leaves `owned` and `epoch` alone: who owns a
/// run does not follow from its records.
///
/// # Errors
/// Those of `tasks`.
pub fn apply<T: Tasks>(run: &mut RunRow, tasks: &mut T, record: &Record) -> Result<(), T::Error> {
    run.records = record.seq;
    run.updated = record.at;
    match &record.body {
        Body::Spawned { task, work, .. } => {
            run.tasks += 1;
            tasks.put(spawned(task, work, record.at))?;
        }
        Body::Called { task, work } => {
            run.tasks += 1;
            tasks.put(spawned(task, work, record.at))?;
        }
        Body::Started { tasks: starts } => {
            for Start { task, attempt } in starts {
                change(tasks, task, |row| {
                    row.state = State::Running;
                    row.attempts = *attempt;
                    row.started = row.started.or(Some(record.at));
                })?;
            }
        }
        Body::AttemptFailed { task, attempt, usage, .. } => {
            change(tasks, task, |row| {
                row.state = State::Queued;
                // The next one follows without a record of its own.
                row.attempts = attempt.saturating_add(1);
                row.usage.add(usage);
            })?;
        }
        Body::Asked { task, reserve, .. } => {
            change(tasks, task, |row| row.reserved = *reserve)?;
        }
        Body::Turned { task, usage, estimated, .. } => {
            let usage = Usage { estimated_calls: u64::from(*estimated), ..*usage };
            let charged = change(tasks, task, |row| {
                let reserved = std::mem::take(&mut row.reserved);
                let charged = match row.state.is_final() {
                    // It ended meanwhile, and was charged with all that the call might consume.
                    true => Usage { estimated_calls: 1, ..reserved },
                    false => Usage::default(),
                };
                row.usage.remove(&charged);
                row.usage.add(&usage);
                row.metered.add(&usage);
                charged
            })?;
            run.usage.remove(&charged.unwrap_or_default());
            run.usage.add(&usage);
        }
        Body::Deferred { task, attempt, usage, .. } => {
            change(tasks, task, |row| {
                row.state = State::Queued;
                row.attempts = *attempt;
                row.usage.add(usage);
            })?;
        }
        Body::RestartOrdered { task, .. } => {
            change(tasks, task, |row| row.state = State::Queued)?;
        }
        Body::Passed { task, backend, .. } => {
            change(tasks, task, |row| row.backend = Some(backend.clone()))?;
        }
        Body::Completed { task, outcome, usage, .. } => {
            let row = change(tasks, task, |row| {
                row.state = ended(outcome);
                row.ended = Some(record.at);
                row.usage = *usage;
                row.failure = outcome.failure().map(code_and_message);
                (row.kind.clone(), row.metered)
            })?;
            if outcome.failure().is_some_and(|why| why.kind != FailureKind::Cancelled) {
                run.failed_tasks += 1;
            }
            // What a nested workflow consumed is what its tasks did: it would count twice.
            if let Some((kind, metered)) = row
                && matches!(kind.as_str(), "agent" | "tool")
            {
                let mut more = *usage;
                more.remove(&metered);
                run.usage.add(&more);
            }
        }
        Body::Paused { reason } => {
            run.state = match reason {
                Pause::Gate { .. } | Pause::Message => State::Waiting,
                _ => State::Paused,
            };
            run.paused = Some(why(reason));
        }
        Body::Resumed { .. } => {
            run.state = State::Running;
            run.paused = None;
        }
        Body::Finished { outcome, usage } => {
            run.state = ended(outcome);
            run.paused = None;
            run.usage = *usage;
            run.failure = outcome.failure().map(code_and_message);
        }
        Body::RunStarted(_)
        | Body::Refused { .. }
        | Body::CancelRequested { .. }
        | Body::Observed { .. }
        | Body::Reported { .. }
        | Body::AgentReported { .. }
        | Body::Denied { .. }
        | Body::AgentRead { .. }
        | Body::Snapshot(_)
        | Body::NotReused { .. }
        | Body::Process { .. }
        | Body::CancelOrdered { .. }
        | Body::PauseOrdered { .. }
        | Body::DenialsAdded { .. }
        | Body::Heard { .. }
        | Body::Session { .. }
        | Body::Listening { .. }
        | Body::Messaged { .. } => {}
    }
    if record.seq == run.shared {
        // What is shared with another run was paid for there.
        run.usage = Usage::default();
    }
    Ok(())
}

/// The rows of a run from all its records, or none if they do not begin with a start.
#[must_use]
pub fn rebuild(records: &[Record]) -> Option<(RunRow, BTreeMap<TaskPath, TaskRow>)> {
    let (first, rest) = records.split_first()?;
    let Body::RunStarted(started) = &first.body else {
        return None;
    };
    let mut run = begun(started, first.at);
    let mut tasks = BTreeMap::new();
    for record in rest {
        let Ok(()) = apply(&mut run, &mut tasks, record);
    }
    Some((run, tasks))
}

fn spawned(task: &TaskPath, work: &Work, at: Timestamp) -> TaskRow {
    // Agents and tools wait for a slot: the rest is under way as soon as it is spawned.
    let (state, phase, backend) = match work {
        Work::Agent { spec, backend, .. } => {
            (State::Queued, spec.options.phase.clone(), Some(backend.clone()))
        }
        Work::Tool { spec, tool, .. } => {
            (State::Queued, spec.options.phase.clone(), Some(tool.clone()))
        }
        Work::Workflow { spec, .. } => (State::Running, spec.options.phase.clone(), None),
        Work::Sleep { .. } => (State::Running, None, None),
        Work::Gate { spec, .. } => (State::Waiting, spec.options.phase.clone(), None),
    };
    TaskRow {
        path: task.clone(),
        kind: work.kind().to_owned(),
        label: work.label().map(ToOwned::to_owned),
        phase,
        backend,
        state,
        attempts: 0,
        spawned: at,
        started: matches!(state, State::Running | State::Waiting).then_some(at),
        ended: None,
        usage: Usage::default(),
        metered: Usage::default(),
        reserved: Usage::default(),
        failure: None,
    }
}

fn change<T: Tasks, R>(
    tasks: &mut T,
    path: &TaskPath,
    edit: impl FnOnce(&mut TaskRow) -> R,
) -> Result<Option<R>, T::Error> {
    let Some(mut row) = tasks.get(path)? else {
        return Ok(None);
    };
    let result = edit(&mut row);
    tasks.put(row)?;
    Ok(Some(result))
}

fn ended(outcome: &Outcome) -> State {
    match outcome {
        Outcome::Done(_) => State::Done,
        Outcome::Failed(failure) if failure.kind == FailureKind::Cancelled => State::Cancelled,
        Outcome::Failed(_) => State::Failed,
    }
}

fn code_and_message(failure: &Failure) -> (String, String) {
    (failure.code.clone(), failure.message.clone())
}

fn why(reason: &Pause) -> String {
    match reason {
        Pause::Cap { cap, .. } => format!("cap: {cap}"),
        Pause::Provider { provider, outage, .. } => format!("{}: {provider}", outage.as_str()),
        Pause::Person { by } => format!("paused by {by}"),
        Pause::Gate { task, .. } => format!("gate: /{task}"),
        Pause::Message => "a message".to_owned(),
        Pause::Interrupted => "interrupted".to_owned(),
    }
}
