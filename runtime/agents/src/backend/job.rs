//! One attempt at one task: what is to be done, and within what.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use baton_core::ids::TaskId;
use baton_core::limits::Limits;
use baton_core::manifest::AgentType;
use baton_core::scope::{Authority, Scope};
use baton_core::spec::AgentSpec;

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
