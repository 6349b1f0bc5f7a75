//! Agents and tools at work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{Answer, Backend, BackendError, Job, JobContext, Toolbox};
use baton_agents::isolation::Worktrees;
use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::ids::TaskPath;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use baton_tools::ToolCall;

use crate::calls::ComponentRef;
use crate::scheduler::Permit;
use crate::shared::{Event, Shared};

/// How long jobs have to end after they were told to.
const GRACE: Duration = Duration::from_secs(5);

/// The jobs of one run.
pub(crate) struct Jobs {
    worktrees: Arc<Worktrees>,
    /// The commit that isolated agents begin with.
    base: Option<String>,
    working: BTreeMap<TaskPath, Working>,
}

/// What a job does.
enum Work {
    Agent {
        backend: Arc<dyn Backend>,
        job: Job,
        /// The commit to begin with in a copy of its own.
        isolation: Option<String>,
        worktrees: Arc<Worktrees>,
    },
    Tool {
        toolbox: Arc<baton_tools::Toolbox>,
        call: ToolCall,
        component: Option<ComponentRef>,
    },
}

impl Work {
    async fn perform(self, context: &JobContext) -> Answer {
        match self {
            Self::Agent { backend, job, isolation: Some(base), worktrees } => {
                worktrees.work(&base, &*backend, job, context).await
            }
            Self::Agent { backend, job, isolation: None, .. } => {
                baton_agents::work(&*backend, job, context).await
            }
            Self::Tool { toolbox, mut call, component } => {
                if let Some(component) = component {
                    call.guest = match component.load().await {
                        Ok(guest) => Some(guest),
                        Err(failure) => {
                            let result = Err(BackendError::Permanent(failure));
                            return Answer { result, usage: Usage::default() };
                        }
                    };
                }
                toolbox.call(call, context).await
            }
        }
    }
}

struct Working {
    cancel: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Jobs {
    pub(crate) fn new(worktrees: Arc<Worktrees>, base: Option<String>) -> Self {
        Self { worktrees, base, working: BTreeMap::new() }
    }

    /// Hands an agent task to its backend.
    pub(crate) fn start(
        &mut self,
        shared: &Arc<Shared>,
        backend: Arc<dyn Backend>,
        job: Job,
        tools: Option<Arc<dyn Toolbox>>,
        permit: Option<Permit>,
    ) {
        let path = job.task.path.clone();
        // What cannot change anything needs no copy.
        let isolated = job.spec.options.isolation.is_some() && backend.can_write();
        let isolation = self.base.clone().filter(|_| isolated);
        let worktrees = Arc::clone(&self.worktrees);
        self.spawn(shared, path, tools, permit, Work::Agent { backend, job, isolation, worktrees });
    }

    /// Performs a call of a tool.
    pub(crate) fn start_call(
        &mut self,
        shared: &Arc<Shared>,
        toolbox: Arc<baton_tools::Toolbox>,
        call: ToolCall,
        component: Option<ComponentRef>,
        permit: Option<Permit>,
    ) {
        let path = call.task.path.clone();
        self.spawn(shared, path, None, permit, Work::Tool { toolbox, call, component });
    }

    fn spawn(
        &mut self,
        shared: &Arc<Shared>,
        path: TaskPath,
        tools: Option<Arc<dyn Toolbox>>,
        permit: Option<Permit>,
        work: Work,
    ) {
        let (cancel, cancelled) = watch::channel(false);
        let ending = Ending { shared: Arc::clone(shared), task: path.clone(), told: false };
        let task = tokio::spawn(async move {
            let (notices, mut told) = mpsc::unbounded_channel();
            let context = JobContext { cancelled, notices, tools };
            let mut work = std::pin::pin!(work.perform(&context));
            let answer = loop {
                tokio::select! {
                    biased;
                    Some(notice) = told.recv() => ending.notice(notice),
                    answer = &mut work => break answer,
                }
            };
            while let Ok(notice) = told.try_recv() {
                ending.notice(notice);
            }
            // The loop hears of the end before of the room that it frees, so that by the journal too
            // no more agents are at work than may be. Mostly both become durable in one commit.
            ending.tell(answer);
            drop(permit);
        });
        self.working.insert(path, Working { cancel, task });
    }

    /// Takes note that a job ended. Whether it was known.
    pub(crate) fn ended(&mut self, task: &TaskPath) -> bool {
        self.working.remove(task).is_some()
    }

    /// Tells the jobs of a task, and of all below it, to stop.
    pub(crate) fn abort(&self, task: &TaskPath) {
        for (path, working) in &self.working {
            if path.is_within(task) {
                working.cancel.send_replace(true);
            }
        }
    }

    /// Whether nothing is at work.
    pub(crate) fn is_empty(&self) -> bool {
        self.working.is_empty()
    }

    /// Stops everything, and waits until it has stopped.
    pub(crate) async fn stop(&mut self) {
        self.abort(&TaskPath::root());
        for working in std::mem::take(&mut self.working).into_values() {
            let abort = working.task.abort_handle();
            if tokio::time::timeout(GRACE, working.task).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// Tells the loop how a job ended, also when its task panics.
struct Ending {
    shared: Arc<Shared>,
    task: TaskPath,
    told: bool,
}

impl Ending {
    fn notice(&self, notice: baton_agents::backend::Notice) {
        self.shared.send(Event::Notice { task: self.task.clone(), notice });
    }

    fn tell(mut self, answer: Answer) {
        self.told = true;
        self.shared.send(Event::JobEnded { task: self.task.clone(), answer });
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.told {
            let failure = Failure::new(
                FailureKind::Internal,
                "host-panic",
                "the host failed while it worked on this task",
            );
            let result = Err(BackendError::Permanent(failure));
            let answer = Answer { result, usage: Usage::default() };
            self.shared.send(Event::JobEnded { task: self.task.clone(), answer });
        }
    }
}
