//! Records of what workflows asked for: replay answers from them.

use std::sync::Arc;

use super::{RecordError, scope_of_child};
use crate::command::Reply;
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::ids::{TaskPath, Timestamp};
use crate::record::Work;
use crate::refusal::Refusal;
use crate::replay::{
    CANCEL, FILES, LISTEN, REFUSED, REPORT, kind_of_work, summary_of_request, summary_of_work,
};
use crate::report::Report;
use crate::run::events::BY_WORKFLOW;
use crate::run::{Answer, Recorded, Run, Task, Workflow};
use crate::words::shorten;

impl Run {
    pub(super) fn apply_spawned(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        digest: Digest,
        fuel: u64,
        work: &Work,
    ) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        let (Some(parent), Some(number)) = (path.parent(), path.number()) else {
            return Err(wrong("the root cannot be spawned".into()));
        };
        let (kind, summary) = (kind_of_work(work), summary_of_work(work));
        let mut recorded = self.recorded(seq, kind, summary, digest, fuel);
        recorded.answer = Answer::Reply(Reply::Task(number));
        let owner = self.workflow_mut(seq, &parent)?;
        if owner.children + 1 != number {
            return Err(wrong(format!("task {path} where child {} is due", owner.children + 1)));
        }
        owner.children = number;
        owner.ended_at.push(0);
        owner.commands.push(recorded);
        let scope = owner.scope.clone();
        let asked = match work {
            Work::Workflow { spec, .. } => self.started.program.requests.get(&spec.name).cloned(),
            _ => None,
        };
        let owner = self.workflow_mut(seq, &parent)?;
        match work {
            Work::Tool { .. } | Work::Sleep { .. } | Work::Gate { .. } => {}
            Work::Agent { .. } => {
                owner.spawned_agents += 1;
                self.spawned_agents += 1;
            }
            Work::Workflow { spec, component, budget } => {
                // Its patterns were read when the child was asked for.
                let scope = scope_of_child(&scope, spec, asked.as_ref())
                    .map_err(|error| wrong(error.to_string()))?;
                let child = Workflow::new(*component, spec.input.clone(), scope, *budget, at);
                self.workflows.insert(path.clone(), child);
            }
        }
        self.tasks.insert(path.clone(), Task::new(work, at));
        Ok(())
    }

    pub(super) fn apply_refused(
        &mut self,
        seq: u64,
        workflow: &TaskPath,
        digest: Digest,
        fuel: u64,
        refusal: &Refusal,
    ) -> Result<(), RecordError> {
        let recorded = self.recorded(
            seq,
            REFUSED,
            format!("refused with `{}`", shorten(&refusal.code)),
            digest,
            fuel,
        );
        let reply = Answer::Reply(Reply::Refused(refusal.clone()));
        self.workflow_mut(seq, workflow)?.commands.push(Recorded { answer: reply, ..recorded });
        Ok(())
    }

    pub(super) fn apply_cancel_requested(
        &mut self,
        seq: u64,
        workflow: &TaskPath,
        task: u64,
        fuel: u64,
    ) -> Result<(), RecordError> {
        let summary = format!("task {task}");
        let recorded = self.recorded(seq, CANCEL, summary, Digest::of_json(&task), fuel);
        self.workflow_mut(seq, workflow)?.commands.push(recorded);
        if let Some(task) = self.tasks.get_mut(&workflow.child(task)) {
            task.cancelled_by = Some(BY_WORKFLOW.into());
        }
        Ok(())
    }

    pub(super) fn apply_observed(
        &mut self,
        seq: u64,
        workflow: &TaskPath,
        (digest, fuel): (Digest, u64),
        request: &FileRequest,
        observation: &Observation,
    ) -> Result<(), RecordError> {
        if let Observation::Content { size, .. } = observation {
            self.observed_bytes = self.observed_bytes.saturating_add(*size);
        }
        let recorded = self.recorded(seq, FILES, summary_of_request(request), digest, fuel);
        let answer = Answer::Observation(Arc::new(observation.clone()));
        self.workflow_mut(seq, workflow)?.commands.push(Recorded { answer, ..recorded });
        Ok(())
    }

    pub(super) fn apply_reported(
        &mut self,
        seq: u64,
        workflow: &TaskPath,
        digest: Digest,
        fuel: u64,
        report: &Report,
    ) -> Result<(), RecordError> {
        let recorded = self.recorded(seq, REPORT, String::new(), digest, fuel);
        let workflow = self.workflow_mut(seq, workflow)?;
        if let Report::Phase { title } = report {
            workflow.phase = Some(title.clone());
        }
        workflow.commands.push(recorded);
        Ok(())
    }

    pub(super) fn apply_listening(
        &mut self,
        seq: u64,
        workflow: &TaskPath,
        fuel: u64,
    ) -> Result<(), RecordError> {
        let digest = Digest::of_json(LISTEN);
        let recorded = self.recorded(seq, LISTEN, String::new(), digest, fuel);
        self.workflow_mut(seq, workflow)?.commands.push(recorded);
        Ok(())
    }

    fn recorded(
        &self,
        seq: u64,
        kind: &'static str,
        summary: String,
        digest: Digest,
        fuel: u64,
    ) -> Recorded {
        let engine = Arc::clone(&self.engine);
        Recorded { seq, kind, summary, digest, fuel, engine, answer: Answer::Reply(Reply::Nothing) }
    }
}
