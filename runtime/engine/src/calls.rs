//! Calls of tools: by workflows, which wait for tasks, and by agents, which wait for the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::BackendFuture;
use baton_agents::backend::Toolbox as AgentTools;
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{Effect, Work};
use baton_core::run::Run;
use baton_core::scope::{Authority, ToolScope};
use baton_core::tool::{Provider, RawToolSpec, ToolDefinition, ToolSpec};
use baton_host::Guest;
use baton_host::port::{CallError, ToolOffer};
use baton_tools::Toolbox;
use tokio::sync::oneshot;

use crate::instances::Loader;
use crate::shared::{Event, Shared};

/// Where the result of a call goes that an agent waits for.
pub(crate) type Caller = oneshot::Sender<Result<Json, CallError>>;

/// A component that is to be loaded. Compiling one takes seconds, so whoever calls it does that, and
/// not the loop of the run.
pub(crate) struct ComponentRef {
    name: String,
    digest: Option<Digest>,
    loader: Loader,
}

impl ComponentRef {
    /// The component, ready to be instantiated.
    pub(crate) async fn load(&self) -> Result<Arc<Guest>, Failure> {
        let Self { name, digest, loader } = self;
        let fail = |message: String| Failure::new(FailureKind::Failed, "component", message);
        let Some(digest) = digest else {
            return Err(fail(format!("the component `{name}` is not part of the program")));
        };
        let guest = loader.load(digest).await;
        guest.map_err(|error| fail(format!("the component `{name}` does not load: {error}")))
    }
}

/// The calls of one run.
pub(crate) struct Calls {
    toolbox: Arc<Toolbox>,
    loader: Loader,
    components: BTreeMap<String, Digest>,
    /// Agents' calls that have not ended.
    waiting: BTreeMap<TaskPath, Caller>,
    /// Ended ones, to be answered once their ends are durable.
    ended: Vec<(Caller, Result<Json, CallError>)>,
}

impl Calls {
    pub(crate) fn new(
        toolbox: Toolbox,
        loader: Loader,
        components: BTreeMap<String, Digest>,
    ) -> Self {
        let toolbox = Arc::new(toolbox);
        Self { toolbox, loader, components, waiting: BTreeMap::new(), ended: Vec::new() }
    }

    pub(crate) fn toolbox(&self) -> Arc<Toolbox> {
        Arc::clone(&self.toolbox)
    }

    /// Where the component is found that performs a tool, if one does.
    pub(crate) fn component(&self, definition: &ToolDefinition) -> Option<ComponentRef> {
        let Provider::Component(name) = &definition.provider else { return None };
        let digest = self.components.get(name).copied();
        Some(ComponentRef { name: name.clone(), digest, loader: self.loader.clone() })
    }

    /// An agent waits for a call.
    pub(crate) fn wait(&mut self, task: TaskPath, caller: Caller) {
        self.waiting.insert(task, caller);
    }

    /// A call ended. Its agent hears of it when that is durable.
    pub(crate) fn end(&mut self, task: &TaskPath, outcome: &Outcome) {
        if let Some(caller) = self.waiting.remove(task) {
            let answer = match outcome {
                Outcome::Done(handoff) => Ok(handoff.output.clone()),
                Outcome::Failed(failure) => Err(CallError::Failed(failure.clone())),
            };
            self.ended.push((caller, answer));
        }
    }

    /// Nobody waits for the calls of a task and of all below it any more.
    pub(crate) fn abort(&mut self, task: &TaskPath) {
        self.waiting.retain(|path, _| !path.is_within(task));
    }

    /// Answers the calls whose ends are durable.
    pub(crate) fn answer(&mut self) {
        for (caller, answer) in self.ended.drain(..) {
            // An agent that is gone hears nothing.
            let _ = caller.send(answer);
        }
    }

    /// Ends what was started for the run.
    pub(crate) async fn close(&self) {
        self.toolbox.close().await;
    }
}

/// The tools of an agent task; none: it was given none.
pub(crate) fn tools_of(shared: &Arc<Shared>, agent: &TaskPath) -> Option<Arc<dyn AgentTools>> {
    let offers = {
        let cell = shared.lock();
        let scope = cell.run.tools_of_agent(agent)?;
        offers(&cell.run, &scope)
    };
    let (shared, agent) = (Arc::clone(shared), agent.clone());
    Some(Arc::new(Given { shared, agent, offers }))
}

/// The tools that a scope lets pass.
pub(crate) fn offers(run: &Run, scope: &ToolScope) -> Vec<ToolOffer> {
    run.offered(scope)
        .map(|(name, known)| ToolOffer {
            name: name.clone(),
            description: known.description.clone(),
            input: known.input.clone(),
            output: known.output.clone(),
        })
        .collect()
}

/// What an agent reaches of the tools of its run.
struct Given {
    shared: Arc<Shared>,
    agent: TaskPath,
    offers: Vec<ToolOffer>,
}

impl AgentTools for Given {
    fn offers(&self) -> Vec<ToolOffer> {
        self.offers.clone()
    }

    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        let (caller, answer) = oneshot::channel();
        self.shared.send(Event::Called { agent: self.agent.clone(), spec, caller });
        Box::pin(async move {
            answer.await.unwrap_or_else(|_| {
                // The run was let go, or the call was cancelled with its agent.
                Err(CallError::Failed(Failure::cancelled("the end of its agent")))
            })
        })
    }

    fn did_once(&self) -> bool {
        self.shared.lock().run.did_once(&self.agent)
    }
}

/// What a call was asked to do, for whoever performs it.
pub(crate) struct Facts {
    pub spec: ToolSpec,
    pub tool: String,
    pub authority: Authority,
    pub effect: Effect,
    pub definition: ToolDefinition,
}

impl Facts {
    /// Of an open tool task.
    pub(crate) fn of(run: &Run, task: &TaskPath) -> Option<Self> {
        let known = run.task(task).filter(|_| run.outcome(task).is_none())?;
        let Work::Tool { spec, tool, authority, effect } = &*known.work else {
            return None;
        };
        Some(Self {
            spec: spec.clone(),
            tool: tool.clone(),
            authority: (**authority).clone(),
            effect: *effect,
            definition: run.started().tools.known.get(tool)?.clone(),
        })
    }
}
