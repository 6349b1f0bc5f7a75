//! What performs agent tasks.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use baton_core::budget::Amounts;
use baton_core::handoff::{Failure, Handoff, Usage};
use baton_core::ids::TaskId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::manifest::AgentType;
use baton_core::record::{Effect, Outage};
use baton_core::report::Report;
use baton_core::reuse::Seen;
use baton_core::scope::{Authority, Scope};
use baton_core::spec::AgentSpec;
use baton_core::tool::{Denial, RawToolSpec};
use baton_host::port::{CallError, ToolOffer};
use tokio::sync::watch;

use crate::denied::Denied;
pub use crate::inbox::{Inbox, Message, Steering};
use crate::sessions::{Session, Sessions};

/// A future of a backend, without a name.
pub type BackendFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Wall time of one attempt where neither its task nor a limit says otherwise, in milliseconds.
pub const ATTEMPT_MS_DEFAULT: u64 = 600_000;

/// One attempt at one task.
#[derive(Clone, Debug)]
pub struct Job {
    /// The task.
    pub task: TaskId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What is to be done. Agent type defaults (system prompt) are filled in.
    pub spec: Arc<AgentSpec>,
    /// What was wrong with the output of the attempt before: validation errors.
    pub corrections: Vec<String>,
    /// Why the attempts before brought nothing, as far as that is known, a sentence each.
    pub earlier: Vec<String>,
    /// What the task may touch.
    pub scope: Arc<Scope>,
    /// The granted directory on the host, if there is one.
    pub root: Option<PathBuf>,
    /// Limits of the run.
    pub limits: Arc<Limits>,
    /// Wall time of this attempt in milliseconds.
    pub timeout_ms: u64,
    /// The definition of its agent type, if it has one.
    pub definition: Option<Arc<AgentType>>,
    /// What the worker may touch by itself, beside the tools it is given: files below `root`, and
    /// commands. In a worktree of its own that is all of it but what usually holds secrets.
    pub authority: Arc<Authority>,
    /// Which step of a ladder of models this is, from 0. Each has a conversation of its own.
    pub rung: u32,
    /// Instructions of the project, and skills.
    pub guidance: Arc<Guidance>,
    /// W3C trace context that requests and programs of this attempt pass on.
    pub traceparent: Option<String>,
}

/// Texts that model agents are offered. What is given of them is in the transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guidance {
    /// Files such as `CLAUDE.md` and `AGENTS.md`, by path, the outermost first.
    pub instructions: Vec<(String, Arc<str>)>,
    /// Skills by name.
    pub skills: BTreeMap<String, Skill>,
}

/// A skill: a text that an agent reads when its task calls for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// When to use it.
    pub description: String,
    /// Its text.
    pub text: Arc<str>,
}

/// What a backend tells while it works. Sent on [`JobContext::notices`].
#[derive(Clone, Debug)]
pub enum Notice {
    /// A process was started for the task; journaled, so that it can be reaped.
    Process {
        /// Process id of the supervisor, leader of the process group.
        pid: u32,
        /// When it began, in clock ticks since boot.
        ticks: u64,
    },
    /// An attempt failed and another follows.
    AttemptFailed {
        /// The attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// What it consumed all the same.
        usage: Usage,
    },
    /// What an attempt looked at, told at its end; from backends that see it.
    Read {
        /// The requests and what they brought.
        reads: Vec<Seen>,
        /// Whether that is everything.
        complete: bool,
    },
    /// The task tried what it may not do, and was kept from it.
    Denied(Denial),
    /// The worker told people something.
    Report(Report),
    /// A file was produced; its bytes go to the blob store.
    Artifact(Vec<u8>),
    /// A sign of life for those who watch. Not kept.
    Activity(Activity),
    /// A step of a ladder of models passed its check.
    Passed(Passed),
    /// The agent remembers by itself what was said in a session; journaled, so that another process can
    /// go on with it.
    Session {
        /// The step of the ladder that it belongs to.
        rung: u32,
        /// The session.
        session: Session,
    },
    /// The agent was told its messages up to this one.
    Heard {
        /// Number of the message, see [`Message::seq`].
        upto: u64,
    },
}

/// What an agent is doing right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A request to a model is on its way, or its answer has begun.
    Waiting,
    /// Text of the model.
    Text(String),
    /// Reasoning of the model.
    Thinking(String),
    /// A tool is at work.
    Tool(String),
}

impl Activity {
    /// The text of the model, or the name of the tool.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Waiting => "",
            Self::Text(text) | Self::Thinking(text) | Self::Tool(text) => text,
        }
    }
}

/// What a model makes known of one call, before and after: see [`Meter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the provider.
    pub provider: String,
    /// The model, as its provider calls it.
    pub model: String,
    /// The most that the call may consume: tokens sent by estimate, tokens received by their limit,
    /// and what both cost.
    pub reserve: Usage,
}

/// What a call of a model came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What it consumed.
    pub usage: Usage,
    /// The provider did not say; the numbers are estimates.
    pub estimated: bool,
    /// The provider answered: whatever is wrong with the answer, it serves.
    pub answered: bool,
    /// What was said since the call before, see [`crate::model::transcript`]: also of a call that
    /// failed, so that results of tools are not lost with it. None: nothing.
    pub content: Option<Arc<[u8]>>,
}

/// Meters the calls of one agent task. A task makes one call at a time.
///
/// A call is on record, with what it may consume at the most, before it is made; what it did consume
/// is on record before its answer has any effect. So caps hold for agents at work together, nothing
/// that was paid for is lost with the process, and an attempt continues the conversation of the one
/// before.
pub trait Meter: Send + Sync {
    /// Contents of the turns so far, those of earlier attempts included, in order.
    fn turns(&self) -> Vec<Arc<[u8]>>;

    /// Asks for room for a call. Ends when the call is on record and fits every cap: that may take
    /// as long as other calls are at work, and none of that time is the agent's. An error: the run
    /// was let go, and the attempt must end as cancelled.
    fn reserve(&self, call: Asked) -> BackendFuture<'static, Result<(), LetGo>>;

    /// Says what the call came to. Ends when that is on record. Every reserved call is settled, also
    /// one that failed; one that is not, because the process died or the future was dropped, is
    /// charged with its reserve.
    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()>;

    /// What is left of the task's own budget, that of the workflow and the caps, as far as anything
    /// limits it, for agents that can be told a limit at their start.
    fn left(&self) -> Amounts;
}

/// The run was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run was let go")]
pub struct LetGo;

/// A step of a ladder that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which, from 0.
    pub rung: u32,
    /// How many there are.
    pub rungs: u32,
    /// Its backend.
    pub backend: String,
    /// What the work would have cost with the last step alone, by the tokens of the step that
    /// passed, less what all steps cost: millionths of a US dollar; below zero: the ladder cost more.
    pub saved_micro_usd: i64,
}

/// What surrounds an attempt.
#[derive(Clone)]
pub struct JobContext {
    /// Becomes `true` when the result is not wanted any more.
    pub cancelled: watch::Receiver<bool>,
    /// Where notices go. A full or closed channel never stops the work.
    pub notices: tokio::sync::mpsc::UnboundedSender<Notice>,
    /// The tools the agent was given; none: no tools.
    pub tools: Option<Arc<dyn Toolbox>>,
    /// What meters its calls of models.
    pub meter: Arc<dyn Meter>,
    /// What takes secrets out of a text before it is said to a model, or kept.
    pub redact: Redact,
    /// What people tell the agent.
    pub inbox: Inbox,
    /// What policy takes away from it while it works.
    pub denied: Denied,
    /// The sessions of its own that it can go on with.
    pub sessions: Sessions,
    /// Which turn of the attempt this is, from 0: a further one begins with what people said meanwhile.
    pub turn: u32,
}

impl JobContext {
    /// The surroundings of an attempt outside of any run: no tools, no caps, no secrets to take out.
    #[must_use]
    pub fn alone(
        cancelled: watch::Receiver<bool>,
        notices: tokio::sync::mpsc::UnboundedSender<Notice>,
    ) -> Self {
        let meter = Arc::new(crate::model::FreeMeter::new());
        let (redact, inbox) = (Redact::default(), Inbox::default());
        let (denied, sessions) = (Denied::default(), Sessions::default());
        Self { cancelled, notices, tools: None, meter, redact, inbox, denied, sessions, turn: 0 }
    }
}

impl Job {
    /// A first attempt with nothing but its task: no files, no definition, the usual limits.
    #[must_use]
    pub fn new(task: TaskId, spec: AgentSpec) -> Self {
        Self {
            task,
            attempt: 1,
            spec: Arc::new(spec),
            corrections: Vec::new(),
            earlier: Vec::new(),
            scope: Arc::default(),
            root: None,
            limits: Arc::default(),
            timeout_ms: ATTEMPT_MS_DEFAULT,
            definition: None,
            authority: Arc::default(),
            rung: 0,
            guidance: Arc::default(),
            traceparent: None,
        }
    }
}

/// What takes something out of a text.
type RedactFn = dyn Fn(&str) -> String + Send + Sync;

/// What takes something out of a text that comes in pieces, and brings what is certain by now; given
/// no piece, it brings the rest.
pub type InPieces = Box<dyn FnMut(Option<&str>) -> String + Send>;

/// Takes the run's secrets out of texts.
#[derive(Clone, Default)]
pub struct Redact {
    whole: Option<Arc<RedactFn>>,
    pieces: Option<Arc<dyn Fn() -> InPieces + Send + Sync>>,
}

impl Redact {
    /// With this function. The default takes nothing out.
    #[must_use]
    pub fn new(function: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { whole: Some(Arc::new(function)), pieces: None }
    }

    /// The same with what begins to take secrets out of a text that comes in pieces, wherever it is cut.
    /// Without it, every piece is taken for a whole text.
    #[must_use]
    pub fn in_pieces(self, begin: impl Fn() -> InPieces + Send + Sync + 'static) -> Self {
        Self { pieces: Some(Arc::new(begin)), ..self }
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.whole.as_ref().map_or_else(|| text.to_owned(), |function| function(text))
    }

    /// Begins with a text that comes in pieces.
    #[must_use]
    pub fn begin(&self) -> InPieces {
        match &self.pieces {
            Some(begin) => begin(),
            None => {
                let redact = self.clone();
                Box::new(move |piece| piece.map(|piece| redact.text(piece)).unwrap_or_default())
            }
        }
    }
}

/// The tools of one agent task.
pub trait Toolbox: Send + Sync {
    /// What they are, in the order of their names.
    fn offers(&self) -> Vec<ToolOffer>;

    /// Calls one and waits for what it returns. The call is a task of the run: on record before it
    /// starts. Dropping the future stops nothing by itself; the end of the attempt does.
    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>>;

    /// Whether one of them did, or may have done, what must not happen twice: then the attempt must
    /// not be followed by another.
    fn did_once(&self) -> bool;
}

/// How an attempt failed, as far as it decides what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// Another attempt may succeed.
    Retryable {
        /// Why.
        failure: Failure,
        /// Not before so many milliseconds.
        after_ms: Option<u64>,
    },
    /// Another attempt would fail the same way.
    Permanent(Failure),
    /// The provider serves nobody for now: the task is not done, and nothing further should start
    /// there.
    Unavailable {
        /// What is wrong with the provider.
        outage: Outage,
        /// Why.
        failure: Failure,
        /// When it may be over, in milliseconds from now; none: not known.
        after_ms: Option<u64>,
    },
    /// The result was not wanted any more.
    Cancelled,
}

/// What an attempt brought and consumed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The handoff, or why there is none.
    pub result: Result<Handoff, BackendError>,
    /// What was consumed, also by failures.
    pub usage: Usage,
}

/// Something that performs agent tasks.
pub trait Backend: Send + Sync {
    /// How it is written on the command line, such as `component:docs-auditor`.
    fn name(&self) -> &str;

    /// What a repeat of a task would do outside.
    fn effect(&self) -> Effect;

    /// Whose outages stop it: the name of its provider. Backends that share one stop together.
    fn provider(&self) -> &str {
        self.name()
    }

    /// Whether what it does can change files of the granted directory.
    fn can_write(&self) -> bool {
        true
    }

    /// Whether an attempt goes on where the one before ended, with what was said and done then. If
    /// not, it begins anew, and none follows one in whose name a tool did what must not happen twice.
    fn continues(&self) -> bool {
        false
    }

    /// When it can be told what people say. One that takes messages at its next step sends
    /// [`Notice::Heard`] by itself; for all others whoever calls it does.
    fn takes_messages(&self) -> Steering {
        Steering::Attempt
    }

    /// Makes one attempt. Output is not yet checked against a schema. Must end soon after
    /// `context.cancelled` becomes true, and leave nothing running.
    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer>;
}
