//! What decides the result of an agent, or of a call of a tool.

use serde::Serialize;

use crate::backend::COMPONENT;
use crate::digest::Digest;
use crate::ids::TaskPath;
use crate::json::Json;
use crate::record::{Effect, Work};
use crate::run::Run;
use crate::scope::Authority;
use crate::spec::AgentOptions;
use crate::tool::{Provider, ToolSpec};

/// Kind of the key of an agent.
const AGENT: &str = "agent";

/// Version of the key. A change of what is in a key, or of how it is written, needs another one.
const DOMAIN: &str = "baton reuse key 1";

/// What decides the result of a task. Two tasks with equal parts are interchangeable.
///
/// Not in it: label, phase, timeouts, attempts at the schema, the place in the run, the run's own
/// input and script, and the granted directory. JSON counts by its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyParts {
    kind: &'static str,
    prompt: Digest,
    input: Option<Digest>,
    schema: Option<Digest>,
    backend: String,
    component: Option<Digest>,
    model: Option<String>,
    effort: Option<String>,
    agent_type: Option<(String, Option<Digest>)>,
    system: Option<Digest>,
    isolation: Option<String>,
    read: Option<Digest>,
    /// Of an agent with tools: which, and what they may touch. Of a tool: what it may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Digest>,
    /// Nobody sees what its backend reads. Follows from the rest.
    #[serde(skip)]
    opaque: bool,
}

/// Whether the result of a task may serve in another run.
///
/// A call of a tool only if it did something outside that must not, or need not, be done again, and
/// rests on no files of the root: a request that was sent, by a component or by a server. What reads
/// files is quick to do again, and what it would find is not known.
#[must_use]
pub fn is_reusable(work: &Work) -> bool {
    match work {
        Work::Agent { .. } => true,
        Work::Tool { authority, effect, .. } => {
            let Authority { read, write, exec, .. } = &**authority;
            let files = read.is_some() || write.is_some() || exec.is_some();
            *effect != Effect::Read && !files
        }
        Work::Workflow { .. } | Work::Sleep { .. } | Work::Gate { .. } => false,
    }
}

/// The parts of a task of a run; none for one that is not [reusable](is_reusable), and for one that is
/// not there. A function of the run's records alone, so runs of earlier releases have keys too.
#[must_use]
pub fn key(run: &Run, task: &TaskPath) -> Option<KeyParts> {
    let work = &run.task(task)?.work;
    if let Work::Tool { spec, tool, authority, .. } = &**work
        && is_reusable(work)
    {
        return Some(of_tool(run, spec, tool, authority));
    }
    let Work::Agent { spec, backend, .. } = &**work else {
        return None;
    };
    let backend = run.performer(run.task(task)?, backend);
    let (program, options) = (&run.started().program, &spec.options);
    let scope = &run.workflow(&task.parent()?)?.scope;
    let read = scope.narrowed(options.read.as_deref()).read;
    Some(KeyParts {
        kind: AGENT,
        prompt: Digest::of(spec.prompt.as_bytes()),
        input: spec.input.as_ref().map(Json::digest),
        schema: spec.schema.as_ref().map(Json::digest),
        backend: backend.to_owned(),
        component: backend
            .strip_prefix(COMPONENT)
            .and_then(|name| program.agents.get(name))
            .copied(),
        model: options.model.clone(),
        effort: options.effort.clone(),
        agent_type: options
            .agent_type
            .as_ref()
            .map(|name| (name.clone(), program.agent_types.get(name).map(Digest::of_json))),
        system: options.system.as_ref().map(|text| Digest::of(text.as_bytes())),
        isolation: options.isolation.clone(),
        read: read.as_ref().map(Digest::of_json),
        authority: run.tools_of_agent(task).as_ref().map(Digest::of_json),
        opaque: is_opaque(options, backend),
    })
}

fn of_tool(run: &Run, spec: &ToolSpec, tool: &str, authority: &Authority) -> KeyParts {
    let started = run.started();
    let component = match started.tools.known.get(tool).map(|known| &known.provider) {
        Some(Provider::Component(name)) => started.program.tools.get(name).copied(),
        _ => None,
    };
    KeyParts {
        kind: "tool",
        prompt: Digest::of(b""),
        input: Some(spec.input.digest()),
        schema: None,
        backend: tool.to_owned(),
        component,
        model: None,
        effort: None,
        agent_type: None,
        system: None,
        isolation: None,
        read: None,
        authority: Some(Digest::of_json(authority)),
        opaque: false,
    }
}

impl KeyParts {
    /// The key: equal for interchangeable tasks, in whatever run they are.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_json(&(DOMAIN, self))
    }

    /// Names of the parts in which two tasks differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("prompt", self.prompt != other.prompt),
            ("input", self.input != other.input),
            ("schema", self.schema != other.schema),
            ("backend", self.backend != other.backend),
            ("component", self.component != other.component),
            ("model", self.model != other.model),
            ("effort", self.effort != other.effort),
            ("agent type", self.agent_type != other.agent_type),
            ("system prompt", self.system != other.system),
            ("isolation", self.isolation != other.isolation),
            ("read scope", self.read != other.read),
            ("tools", self.authority != other.authority),
        ]
        .into_iter()
        .filter_map(|(name, differ)| differ.then_some(name))
        .collect()
    }

    /// Whether nobody sees what its backend reads.
    #[must_use]
    pub(super) fn is_opaque(&self) -> bool {
        // What the tools of an agent looked at is told to nobody.
        self.kind == AGENT && (self.opaque || self.authority.is_some())
    }

    /// Whether it works in a copy of a commit.
    #[must_use]
    pub(super) fn is_isolated(&self) -> bool {
        self.isolation.is_some()
    }

    /// Whether the task may read files at all, as far as its scope says.
    #[must_use]
    pub fn may_read(&self) -> bool {
        self.read.is_some()
    }
}

/// Whether nobody sees what a backend reads: every one that is neither a component nor a model, whose
/// reads are Baton's own.
fn is_opaque(options: &AgentOptions, backend: &str) -> bool {
    !backend.starts_with(COMPONENT) && !is_model(options, backend)
}

/// Whether a backend is a model: only then a provider was filled in that its name begins with.
fn is_model(options: &AgentOptions, backend: &str) -> bool {
    let provider = options.provider.as_ref().and_then(|name| backend.strip_prefix(name.as_str()));
    provider.is_some_and(|rest| rest.starts_with(':'))
}

/// Whether a task rests on the granted directory in ways that nobody sees: an agent whose backend
/// is not a component, or which was given tools, unless it works in a copy of a commit.
#[must_use]
pub fn needs_snapshot(work: &Work) -> bool {
    match work {
        Work::Agent { spec, backend, .. } => {
            let options = &spec.options;
            (is_opaque(options, backend) || options.tools.is_some()) && options.isolation.is_none()
        }
        Work::Tool { .. } | Work::Workflow { .. } | Work::Sleep { .. } | Work::Gate { .. } => false,
    }
}
