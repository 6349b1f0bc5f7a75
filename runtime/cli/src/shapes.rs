//! The JSON shapes that others program against. Fields may be added, never renamed or removed.

mod usage;

use baton_core::digest::Digest;
use baton_core::gate::GateSpec;
use baton_core::handoff::{Artifact, Evidence, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskId, Timestamp};
use baton_core::json::Json;
use baton_core::record::{Pause, Record};
use baton_journal::rows::{RunRow, State, TaskRow};
use serde::Serialize;

pub use self::usage::{TotalsShape, UsageShape, dollars, signed_dollars};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::forecast::ForecastShape;
use crate::pause::PauseShape;
use crate::reuse::Decision;

/// One object on one line.
///
/// # Errors
/// When the value cannot be JSON, which no shape here is.
pub fn line<T: Serialize>(shape: &T) -> Result<String> {
    let text = serde_json::to_string(shape)
        .map_err(|error| CliError::new(Code::Internal, "cannot write JSON").because(&error))?;
    // A schema is kept as it was written. In JSON a line break is never part of a string.
    let mut text = text.replace(['\n', '\r'], " ");
    text.push('\n');
    Ok(text)
}

/// A moment as RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{}ms", at.0), |moment| format!("{moment:.3}"))
}

/// Why a run or task has no result, as rows keep it.
#[derive(Debug, Serialize)]
pub struct FailureShape<'a> {
    code: &'a str,
    message: &'a str,
}

fn failure(row: Option<&(String, String)>) -> Option<FailureShape<'_>> {
    row.map(|(code, message)| FailureShape { code, message })
}

/// A run, of `ls --json` and `show --json`.
#[derive(Debug, Serialize)]
pub struct RunShape<'a> {
    run: &'a RunId,
    name: &'a str,
    state: State,
    paused: Option<&'a str>,
    pause: Option<PauseShape<'a>>,
    owned: bool,
    created: String,
    updated: String,
    program: &'a Digest,
    records: u64,
    tasks: u64,
    failed_tasks: u64,
    usage: UsageShape,
    failure: Option<FailureShape<'a>>,
    batch: Option<BatchShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<&'a RunId>,
}

#[derive(Debug, Serialize)]
struct BatchShape<'a> {
    id: &'a str,
    line: u64,
}

impl<'a> RunShape<'a> {
    /// The shape of a row, and of why the run is paused, if it is, with what the gate asks that it waits
    /// for.
    #[must_use]
    pub fn new(row: &'a RunRow, pause: Option<&'a Pause>, asked: Option<&GateSpec>) -> Self {
        Self {
            run: &row.run,
            name: &row.name,
            state: row.state,
            paused: row.paused.as_deref(),
            pause: pause.map(|reason| PauseShape::new(&row.run, reason, asked)),
            owned: row.owned,
            created: moment(row.created),
            updated: moment(row.updated),
            program: &row.program,
            records: row.records,
            tasks: row.tasks,
            failed_tasks: row.failed_tasks,
            usage: (&row.usage).into(),
            failure: failure(row.failure.as_ref()),
            batch: row.batch.as_ref().map(|(id, line)| BatchShape { id, line: *line }),
            follows: None,
        }
    }

    /// The same with the finished run that it follows up.
    #[must_use]
    pub fn following(self, follows: Option<&'a RunId>) -> Self {
        Self { follows, ..self }
    }
}

/// A task, of `tree --json` and `show --json`.
#[derive(Debug, Serialize)]
pub struct TaskShape<'a> {
    task: String,
    kind: &'a str,
    label: Option<&'a str>,
    phase: Option<&'a str>,
    backend: Option<&'a str>,
    state: State,
    attempts: u32,
    spawned: String,
    started: Option<String>,
    ended: Option<String>,
    usage: UsageShape,
    failure: Option<FailureShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_reused: Option<MissShape>,
}

/// Why a task was performed although a run was to be reused.
#[derive(Debug, Serialize)]
struct MissShape {
    code: &'static str,
    message: String,
}

impl<'a> TaskShape<'a> {
    /// The shape of a row, and of what became of it in a run that reuses another.
    #[must_use]
    pub fn new(run: &RunId, row: &'a TaskRow, decision: Option<&Decision>) -> Self {
        let (reused_from, not_reused) = match decision {
            Some(Decision::Reused(from)) => (Some(from.to_string()), None),
            Some(Decision::Performed(miss)) => {
                (None, Some(MissShape { code: miss.code(), message: miss.to_string() }))
            }
            None => (None, None),
        };
        Self {
            task: TaskId { run: run.clone(), path: row.path.clone() }.to_string(),
            kind: &row.kind,
            label: row.label.as_deref(),
            phase: row.phase.as_deref(),
            backend: row.backend.as_deref(),
            state: row.state,
            attempts: row.attempts,
            spawned: moment(row.spawned),
            started: row.started.map(moment),
            ended: row.ended.map(moment),
            usage: (&row.usage).into(),
            failure: failure(row.failure.as_ref()),
            reused_from,
            not_reused,
        }
    }
}

/// A record, of `journal --json`.
#[derive(Debug, Serialize)]
pub struct RecordShape<'a> {
    run: &'a RunId,
    seq: u64,
    at: String,
    kind: String,
    body: serde_json::Value,
}

impl<'a> RecordShape<'a> {
    /// The shape of a record: the kind apart from what belongs to it.
    #[must_use]
    pub fn new(run: &'a RunId, record: &Record) -> Self {
        let body = serde_json::to_value(&record.body).unwrap_or_default();
        let (kind, mut body) = match body {
            serde_json::Value::Object(fields) => fields.into_iter().next().unwrap_or_default(),
            serde_json::Value::String(kind) => (kind, serde_json::Value::Null),
            other => (String::new(), other),
        };
        // Whether objects keep the order of their fields is a feature that any dependency switches on.
        body.sort_all_objects();
        Self { run, seq: record.seq, at: moment(record.at), kind, body }
    }
}

/// The result of a run, of `run --json`, `resume --json` and each line of a batch.
#[derive(Debug, Serialize)]
pub struct ResultShape<'a> {
    /// Line of the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The run; none if it was never made.
    pub run: Option<&'a RunId>,
    /// Its state.
    pub state: State,
    /// The output for programs; null without a result.
    pub output: &'a Json,
    /// A few sentences for a person.
    pub summary: &'a str,
    /// What the result rests on.
    pub evidence: &'a [Evidence],
    /// Files the run produced.
    pub artifacts: &'a [Artifact],
    /// What should be done next, in the workflow's opinion.
    pub follow_ups: &'a [String],
    /// What it consumed.
    pub usage: UsageShape,
    /// Agents whose results came from another run.
    pub reused: u64,
    /// The run that it was forked from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<&'a RunId>,
    /// What it was said to come to before it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastShape<'a>>,
    /// Tasks that ended without a result.
    pub failed_tasks: u64,
    /// It is done, but tasks failed: the workflow made do without their results.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
    /// Why it is paused, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseShape<'a>>,
    /// Why there is no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorShape>,
}

/// An error, of `run --json`.
#[derive(Debug, Serialize)]
pub struct ErrorShape {
    code: &'static str,
    message: String,
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureFacts>,
}

#[derive(Debug, Serialize)]
struct FailureFacts {
    kind: FailureKind,
    code: String,
    detail: Json,
}

impl ErrorShape {
    /// The shape of an error; none for one that nobody could read.
    #[must_use]
    pub fn new(error: &CliError, outcome: Option<&Outcome>) -> Option<Self> {
        let CliError::Coded(coded) = error else { return None };
        let message = error.sentence();
        let failure = outcome.and_then(Outcome::failure).map(|failure| FailureFacts {
            kind: failure.kind,
            code: failure.code.clone(),
            detail: failure.detail.clone(),
        });
        Some(Self { code: coded.code.name(), message, hint: coded.hint.clone(), failure })
    }
}
