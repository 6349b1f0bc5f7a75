//! Commands of a guest: matched against the record as long as there is one, carried out after.

use std::sync::Arc;

use super::{Answer, Recorded, Run};
use crate::command::{Command, Reply};
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::handoff::Artifact;
use crate::ids::Timestamp;
use crate::record::Body;
use crate::replay::{
    Attempt, CANCEL, Cursor, Divergence, END, FILES, GATE, LISTEN, REPORT, SLEEP, SPAWN_AGENT,
    SPAWN_TOOL, SPAWN_WORKFLOW, WAIT, same_kind, summary_of_request,
};
use crate::report::Report;
use crate::run::events::BY_WORKFLOW;
use crate::words::shorten;

/// Why a command ends its guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It is not what was recorded.
    #[error(transparent)]
    Diverged(#[from] Box<Divergence>),
    /// The workflow of this instance has ended: the instance is a leftover.
    #[error("workflow /{0} has ended")]
    Ended(crate::ids::TaskPath),
    /// The journal of the run is full.
    #[error("the run has {0} records, its limit")]
    Records(u64),
}

impl Run {
    /// Takes a command of an instance: repeats what was recorded, or carries it out.
    ///
    /// `fuel` is what the instance had burnt, `at` the store's time.
    ///
    /// # Errors
    /// Ends the guest; nothing was recorded.
    pub fn command(
        &mut self,
        cursor: &mut Cursor,
        command: Command,
        fuel: u64,
        at: Timestamp,
    ) -> Result<Reply, CommandError> {
        let command = match command {
            Command::Report(report) => match self.cut_report(cursor, report) {
                Some(report) => Command::Report(report),
                None => return Ok(Reply::Nothing),
            },
            other => other,
        };
        let attempt = attempt(&command, fuel);
        let listens = matches!(command, Command::Listen);
        if let Some(recorded) = self.repeat(cursor, &attempt)? {
            cursor.listens |= listens;
            let reply = recorded.answer.reply();
            self.note_spawned(cursor, &reply);
            return Ok(reply);
        }
        cursor.position += 1;
        cursor.listens |= listens;
        let digest = attempt.digest;
        let reply = match command {
            asks @ (Command::SpawnAgent(_)
            | Command::SpawnWorkflow(_)
            | Command::SpawnTool(_)
            | Command::Sleep { .. }
            | Command::AskGate(_)) => self.spawn(cursor, asks, digest, fuel, at),
            Command::Listen => {
                self.push(Body::Listening { workflow: cursor.workflow.clone(), fuel }, at);
                Reply::Nothing
            }
            Command::Cancel { task } => {
                let workflow = cursor.workflow.clone();
                let path = workflow.child(task);
                self.push(Body::CancelRequested { workflow, task, fuel }, at);
                self.cancel(&path, BY_WORKFLOW, at);
                Reply::Nothing
            }
            Command::Report(report) => {
                let workflow = cursor.workflow.clone();
                self.push(Body::Reported { workflow, digest, fuel, report }, at);
                Reply::Nothing
            }
        };
        self.note_spawned(cursor, &reply);
        Ok(reply)
    }

    pub(super) fn note_spawned(&self, cursor: &mut Cursor, reply: &Reply) {
        if let Reply::Task(number) = reply {
            let child = self.workflows.get(&cursor.workflow.child(*number));
            cursor.note_spawned(*number, child.map(|child| &child.budget));
        }
    }

    /// What was recorded for a file request, if this instance is still repeating.
    ///
    /// # Errors
    /// Ends the guest.
    pub fn observation(
        &mut self,
        cursor: &mut Cursor,
        request: &FileRequest,
        fuel: u64,
    ) -> Result<Option<Arc<Observation>>, CommandError> {
        let attempt = attempt_of_request(request, fuel);
        let Some(recorded) = self.repeat(cursor, &attempt)? else {
            return Ok(None);
        };
        Ok(match &recorded.answer {
            Answer::Observation(observation) => Some(Arc::clone(observation)),
            Answer::Reply(_) => None,
        })
    }

    /// Records what a file request brought, after [`Run::observation`] had nothing.
    ///
    /// # Errors
    /// Ends the guest.
    pub fn observed(
        &mut self,
        cursor: &mut Cursor,
        request: FileRequest,
        observation: Observation,
        fuel: u64,
        at: Timestamp,
    ) -> Result<(), CommandError> {
        self.writable(cursor)?;
        cursor.position += 1;
        let digest = attempt_of_request(&request, fuel).digest;
        let workflow = cursor.workflow.clone();
        self.push(Body::Observed { workflow, digest, fuel, request, observation }, at);
        Ok(())
    }

    /// Bytes of file contents the run may still record.
    #[must_use]
    pub fn observable_bytes(&self) -> u64 {
        self.started.limits.run.observed_bytes.saturating_sub(self.observed_bytes)
    }

    /// Whether an artifact still fits, and counts it. Counted per workflow from its own calls, so a
    /// replay answers the same.
    pub fn artifact_fits(&self, cursor: &mut Cursor, artifact: &Artifact) -> bool {
        let after = cursor.artifact_bytes.saturating_add(artifact.size);
        let fits = after <= self.started.limits.run.artifact_bytes;
        if fits {
            cursor.artifact_bytes = after;
        }
        fits
    }

    /// The divergence of an instance that ended while recorded commands are left, if it did.
    #[must_use]
    pub fn ended_early(&self, cursor: &Cursor, fuel: u64) -> Option<Box<Divergence>> {
        let recorded = self.next_recorded(cursor)?;
        let attempted = Attempt {
            kind: END,
            summary: "the workflow returned".into(),
            digest: Digest::of(b""),
            fuel,
        };
        Some(divergence(cursor, recorded, attempted))
    }

    /// The divergence of an instance whose wait is [`super::Wait::Pending`] while recorded commands
    /// are left, if they are: when it was recorded, something arrived before the next command.
    #[must_use]
    pub fn waits_in_vain(&self, cursor: &Cursor, fuel: u64) -> Option<Box<Divergence>> {
        let attempted = Attempt {
            kind: WAIT,
            summary: "the workflow waits for something else".into(),
            digest: Digest::of(b""),
            fuel,
        };
        let recorded = self.next_recorded(cursor)?;
        Some(divergence(cursor, recorded, attempted))
    }

    /// The recorded command this instance has to repeat next.
    pub(super) fn next_recorded(&self, cursor: &Cursor) -> Option<&Recorded> {
        self.workflows.get(&cursor.workflow)?.commands.get(cursor.position)
    }

    /// The next recorded command, if there is one, checked against the attempt.
    pub(super) fn repeat(
        &self,
        cursor: &mut Cursor,
        attempt: &Attempt,
    ) -> Result<Option<&Recorded>, CommandError> {
        let workflow = self
            .workflows
            .get(&cursor.workflow)
            .ok_or_else(|| CommandError::Ended(cursor.workflow.clone()))?;
        let Some(recorded) = workflow.commands.get(cursor.position) else {
            self.writable(cursor)?;
            return Ok(None);
        };
        let same_fuel =
            !cursor.compare_fuel || recorded.engine != self.engine || recorded.fuel == attempt.fuel;
        if same_kind(recorded.kind, attempt.kind) && recorded.digest == attempt.digest && same_fuel
        {
            cursor.position += 1;
            return Ok(Some(recorded));
        }
        Err(CommandError::Diverged(divergence(cursor, recorded, attempt.clone())))
    }

    /// Whether this instance may still add records.
    fn writable(&self, cursor: &Cursor) -> Result<(), CommandError> {
        let open = self.workflows.get(&cursor.workflow).is_some_and(|workflow| !workflow.ended);
        if !open || self.finished.is_some() {
            return Err(CommandError::Ended(cursor.workflow.clone()));
        }
        if self.records_left() == 0 {
            return Err(CommandError::Records(self.started.limits.run.records));
        }
        Ok(())
    }

    /// A report as it is recorded: lines are cut at their limit, and dropped once the workflow has
    /// used up its log bytes. Counted per workflow from its own calls, so a replay drops the same.
    pub(super) fn cut_report(&self, cursor: &mut Cursor, report: Report) -> Option<Report> {
        let limits = &self.started.limits.run;
        let report = match report {
            Report::Log { level, text } => {
                Report::Log { level, text: cut(text, limits.log_line_bytes) }
            }
            Report::Phase { title } => Report::Phase { title: cut(title, limits.log_line_bytes) },
            // Progress is bounded by the records of the run, an artifact by its size.
            other => return Some(other),
        };
        cursor.log_bytes = cursor.log_bytes.saturating_add(report.line_bytes());
        (cursor.log_bytes <= limits.log_bytes).then_some(report)
    }
}

pub(super) fn divergence(
    cursor: &Cursor,
    recorded: &Recorded,
    attempted: Attempt,
) -> Box<Divergence> {
    Box::new(Divergence {
        workflow: cursor.workflow.clone(),
        position: cursor.position as u64 + 1,
        seq: Some(recorded.seq),
        recorded: Attempt {
            // A refusal does not say which request it turned down: that is not a difference.
            kind: if same_kind(recorded.kind, attempted.kind) {
                attempted.kind
            } else {
                recorded.kind
            },
            summary: recorded.summary.clone(),
            digest: recorded.digest,
            fuel: recorded.fuel,
        },
        attempted,
    })
}

/// The text, cut at a character boundary.
fn cut(mut text: String, bytes_max: u64) -> String {
    let max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    if text.len() > max {
        let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

pub(super) fn attempt(command: &Command, fuel: u64) -> Attempt {
    let (kind, summary, digest) = match command {
        Command::SpawnAgent(spec) => {
            let fields = ("agent", &spec.prompt, &spec.input, &spec.schema, &spec.options);
            (SPAWN_AGENT, format!("agent `{}`", shorten(&spec.prompt)), Digest::of_json(&fields))
        }
        Command::SpawnWorkflow(spec) => {
            let fields = ("workflow", &spec.name, &spec.input, &spec.options);
            (
                SPAWN_WORKFLOW,
                format!("workflow `{}`", shorten(&spec.name)),
                Digest::of_json(&fields),
            )
        }
        Command::SpawnTool(spec) => {
            let fields = ("tool", &spec.name, &spec.input, &spec.options);
            (SPAWN_TOOL, format!("tool `{}`", shorten(&spec.name)), Digest::of_json(&fields))
        }
        Command::Sleep { ms } => {
            (SLEEP, format!("timer of {ms} ms"), Digest::of_json(&("timer", ms)))
        }
        Command::AskGate(spec) => {
            let fields = ("gate", &spec.question, &spec.options);
            (GATE, format!("gate `{}`", shorten(&spec.question)), Digest::of_json(&fields))
        }
        Command::Listen => (LISTEN, String::new(), Digest::of_json(LISTEN)),
        Command::Cancel { task } => (CANCEL, format!("task {task}"), Digest::of_json(task)),
        Command::Report(report) => (REPORT, String::new(), Digest::of_json(report)),
    };
    Attempt { kind, summary, digest, fuel }
}

pub(super) fn attempt_of_request(request: &FileRequest, fuel: u64) -> Attempt {
    Attempt {
        kind: FILES,
        summary: summary_of_request(request),
        digest: Digest::of_json(request),
        fuel,
    }
}
