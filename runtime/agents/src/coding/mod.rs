//! Coding agents: programs of others that work with tools of their own.
//!
//! Two things keep such an agent to what its task was granted. Its own requests for permission are
//! answered from the task's scope, one by one, and never by a rule that lets more pass later
//! (`permit`). And the operating system confines it, and all that it starts, to the directories
//! that were granted, its own state and a temporary directory, as far as this machine can
//! (`place`).
//!
//! What they say of tokens and money is their claim: nothing else knows.

pub(crate) mod answer;
mod claude;
mod codex;
pub(crate) mod grant;
mod lines;
pub(crate) mod outage;
pub(crate) mod permit;
pub(crate) mod place;
pub(crate) mod sessions;
mod shell;
pub(crate) mod talk;
pub(crate) mod task;
mod vendor;

use std::path::Path;

use baton_core::handoff::Usage;
use baton_core::record::Effect;

use crate::acp::AcpBackend;
use crate::backend::{Answer, Backend, BackendError, BackendFuture, Job, JobContext, Steering};
use crate::process::Supervisor;

pub use vendor::CodingKind;

/// A coding agent by name: `claude`, `codex`, `gemini-cli`.
///
/// Its program is looked up in `PATH` at every attempt. It sees `PATH`, `HOME`, `LANG`, `LC_*`, `TZ`,
/// a `TMPDIR` of its own, `BATON_RUN`, `BATON_TASK`, `BATON_ATTEMPT`, `TRACEPARENT`, the variables of
/// [`CodingKind::variables`], and those that the task was granted under `env`; nothing else of the
/// environment. It keeps its state where it always does, so that a person's login serves.
pub struct CodingBackend(Inner);

enum Inner {
    Own { kind: CodingKind, program: Box<Path>, supervisor: Supervisor },
    Acp(AcpBackend),
}

impl CodingBackend {
    /// The agent of a kind.
    #[must_use]
    pub fn new(kind: CodingKind, supervisor: Supervisor) -> Self {
        Self::at(kind, Path::new(kind.program()), supervisor)
    }

    /// The same with another program: a name that is looked up in `PATH`, or an absolute path.
    #[must_use]
    pub fn at(kind: CodingKind, program: &Path, supervisor: Supervisor) -> Self {
        let program = program.into();
        Self(match kind {
            CodingKind::GeminiCli => Inner::Acp(AcpBackend::gemini(program, supervisor)),
            CodingKind::Claude | CodingKind::Codex => Inner::Own { kind, program, supervisor },
        })
    }
}

impl Backend for CodingBackend {
    fn name(&self) -> &str {
        match &self.0 {
            Inner::Own { kind, .. } => kind.name(),
            Inner::Acp(agent) => agent.name(),
        }
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn provider(&self) -> &str {
        match &self.0 {
            Inner::Own { kind, .. } => kind.provider(),
            Inner::Acp(agent) => agent.provider(),
        }
    }

    fn takes_messages(&self) -> Steering {
        match &self.0 {
            Inner::Own { kind: CodingKind::Codex, .. } => Steering::Turn,
            Inner::Own { .. } => Steering::Step,
            Inner::Acp(agent) => agent.takes_messages(),
        }
    }

    fn keeps(&self, job: &Job, less: &Job) -> bool {
        match &self.0 {
            Inner::Acp(agent) => agent.keeps(job, less),
            Inner::Own { kind, program, .. } => place::keeps(program, Some(*kind), job, less),
        }
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        match &self.0 {
            Inner::Acp(agent) => agent.perform(job, context),
            Inner::Own { kind, program, supervisor } => {
                let call = Call { program, supervisor, job, context };
                let claude = *kind == CodingKind::Claude;
                Box::pin(async move {
                    let answer = match claude {
                        true => claude::attempt(&call).await,
                        false => codex::attempt(&call).await,
                    };
                    answer.unwrap_or_else(failed)
                })
            }
        }
    }
}

/// An attempt that consumed nothing that anybody knows of.
fn failed(error: BackendError) -> Answer {
    Answer { result: Err(error), usage: Usage::default() }
}

/// What an attempt needs.
pub(crate) struct Call<'a> {
    pub program: &'a Path,
    pub supervisor: &'a Supervisor,
    pub job: &'a Job,
    pub context: &'a JobContext,
}
