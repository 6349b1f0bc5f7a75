//! Agents and tools at work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{
    Answer, BackendError, Inbox, Job, JobContext, Notice, Redact, Toolbox,
};
use baton_agents::isolation::Worktrees;
use baton_agents::ladder::{Check, Rung};
use baton_agents::{Denied, Sessions};
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::ids::{TaskId, TaskPath};
use baton_journal::store::Journal;
use baton_tools::ToolCall;
use baton_tools::secrets::Secrets;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::backends::Workers;
use crate::calls::ComponentRef;
use crate::meter::TaskMeter;
use crate::scheduler::Permit;
use crate::shared::{Event, Shared};

/// How long jobs have to end after they were told to.
const GRACE: Duration = Duration::from_secs(5);

/// An agent task that is handed to whoever performs it.
pub(crate) struct AgentJob {
    /// Who.
    pub workers: Workers,
    /// What.
    pub job: Job,
    /// The tools it was given; none: no tools.
    pub tools: Option<Arc<dyn Toolbox>>,
    /// What was said in its conversation so far.
    pub turns: Vec<Digest>,
    /// What people tell it.
    pub inbox: Inbox,
    /// The sessions of its own that it can go on with.
    pub sessions: Sessions,
}

/// What the jobs of a run work with.
pub(crate) struct JobParts {
    pub worktrees: Arc<Worktrees>,
    /// The commit that isolated agents begin with.
    pub base: Option<String>,
    pub journal: Arc<dyn Journal>,
    pub secrets: Arc<Secrets>,
    /// What is taken away from agents at work.
    pub denied: Denied,
}

/// The jobs of one run.
pub(crate) struct Jobs {
    parts: JobParts,
    working: BTreeMap<TaskPath, Working>,
}

/// What a job does.
enum Work {
    Agent {
        workers: Workers,
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
            Self::Agent { workers, job, isolation: Some(base), worktrees } => {
                let Workers { rungs, check, ladder } = workers;
                worktrees
                    .work(&base, job, context, |job| steps(rungs, check, ladder, job, context))
                    .await
            }
            Self::Agent { workers: Workers { rungs, check, ladder }, job, .. } => {
                steps(rungs, check, ladder, job, context).await
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
    pub(crate) fn new(parts: JobParts) -> Self {
        Self { parts, working: BTreeMap::new() }
    }

    /// Where an isolated agent works right now.
    pub(crate) fn worktree_of(&self, agent: &TaskId) -> Option<PathBuf> {
        self.parts.worktrees.root_of(agent)
    }

    /// Hands an agent task to its backend.
    pub(crate) fn start(&mut self, shared: &Arc<Shared>, agent: AgentJob, permit: Option<Permit>) {
        let AgentJob { workers, job, tools, turns, inbox, sessions } = agent;
        let path = job.task.path.clone();
        // What cannot change anything needs no copy; what has tools can.
        let changes = workers.can_write() || tools.is_some();
        let isolated = job.spec.options.isolation.is_some() && changes;
        let isolation = self.parts.base.clone().filter(|_| isolated);
        let worktrees = Arc::clone(&self.parts.worktrees);
        let work = Work::Agent { workers, job, isolation, worktrees };
        self.spawn(shared, path, Given { tools, turns, inbox, sessions }, permit, work);
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
        let given = Given::default();
        self.spawn(shared, path, given, permit, Work::Tool { toolbox, call, component });
    }

    fn spawn(
        &mut self,
        shared: &Arc<Shared>,
        path: TaskPath,
        given: Given,
        permit: Option<Permit>,
        work: Work,
    ) {
        let (cancel, cancelled) = watch::channel(false);
        let ending = Ending { shared: Arc::clone(shared), task: path.clone(), told: false };
        let (shared, journal) = (Arc::clone(shared), Arc::clone(&self.parts.journal));
        let secrets = Arc::clone(&self.parts.secrets);
        let denied = self.parts.denied.clone();
        let own = path.clone();
        let agent = matches!(work, Work::Agent { .. });
        let task = tokio::spawn(async move {
            let (notices, mut told) = mpsc::unbounded_channel();
            if agent {
                secrets.learn_quiet().await;
            }
            let turns = match load(&*journal, &given.turns).await {
                Ok(turns) => turns,
                Err(failure) => {
                    let result = Err(BackendError::Permanent(failure));
                    ending.tell(Answer { result, usage: Usage::default() });
                    return;
                }
            };
            let context = JobContext {
                cancelled,
                notices,
                tools: given.tools,
                inbox: given.inbox,
                sessions: given.sessions,
                turn: 0,
                denied,
                meter: Arc::new(TaskMeter::new(shared, own, turns)),
                redact: redact(secrets),
            };
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

    /// Whether a task is at work.
    pub(crate) fn has(&self, task: &TaskPath) -> bool {
        self.working.contains_key(task)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.working.len()
    }

    /// Stops everything, and waits until it has stopped: all together, not one after the other.
    pub(crate) async fn stop(&mut self) {
        self.abort(&TaskPath::root());
        let until = tokio::time::Instant::now() + GRACE;
        for working in std::mem::take(&mut self.working).into_values() {
            let abort = working.task.abort_handle();
            if tokio::time::timeout_at(until, working.task).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// What a job is given beside its work.
#[derive(Default)]
struct Given {
    tools: Option<Arc<dyn Toolbox>>,
    turns: Vec<Digest>,
    inbox: Inbox,
    sessions: Sessions,
}

/// Makes attempts, on one backend or from step to step of a ladder.
async fn steps(
    rungs: Vec<Rung>,
    check: Option<Check>,
    ladder: bool,
    job: Job,
    context: &JobContext,
) -> Answer {
    match rungs.as_slice() {
        [only] if !ladder => baton_agents::work(&*only.backend, job, context).await,
        rungs => baton_agents::ladder::work(rungs, check.as_ref(), job, context).await,
    }
}

/// What takes the secrets out that are known by then.
fn redact(secrets: Arc<Secrets>) -> Redact {
    let known = Arc::clone(&secrets);
    Redact::new(move |text| known.redactor().text(text).into_owned()).in_pieces(move || {
        let mut stream = secrets.redactor().stream();
        Box::new(move |piece| {
            let clean = match piece {
                Some(piece) => stream.push(piece.as_bytes()),
                None => stream.end(),
            };
            // Secrets are text: nothing of it is cut inside of a character.
            String::from_utf8_lossy(&clean).into_owned()
        })
    })
}

/// What was said in a conversation.
async fn load(journal: &dyn Journal, turns: &[Digest]) -> Result<Vec<Arc<[u8]>>, Failure> {
    let mut read = Vec::with_capacity(turns.len());
    for turn in turns {
        read.push(journal.blob(turn).await.map_err(|error| {
            let message = format!("the conversation so far cannot be read: {error}");
            Failure::new(FailureKind::Internal, "transcript", message)
        })?);
    }
    Ok(read)
}

/// Tells the loop how a job ended, also when its task panics.
struct Ending {
    shared: Arc<Shared>,
    task: TaskPath,
    told: bool,
}

impl Ending {
    fn notice(&self, notice: Notice) {
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
