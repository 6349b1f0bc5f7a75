//! Asking for an agent, and the futures of calls.

use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::TaskError;
use crate::executor::{Request, Shared, TaskFuture};
use crate::handoff::Handoff;
use crate::host::RawAgent;
use crate::within::Within;

/// An agent to be asked for; made by [`Cx::agent`](crate::Cx::agent). Await it for its output, or
/// [`AgentCall::handoff`] for everything it brings. `T` is the type of the output: text unless
/// [`AgentCall::schema`] or [`AgentCall::output`] says otherwise.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # #[derive(serde::Deserialize, JsonSchema)]
/// # struct Findings { found: Vec<String> }
/// # async fn example(cx: Cx) -> Result<()> {
/// let text = cx.agent("Say hello.").await?;
/// let findings = cx
///     .agent("Find what is wrong with this file.")
///     .input(&serde_json::json!({ "path": "README.md" }))
///     .schema::<Findings>()
///     .label("README.md")
///     .read(["README.md"])
///     .handoff()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "an agent is not asked for unless the call is awaited"]
pub struct AgentCall<T = String> {
    shared: Rc<Shared>,
    prompt: String,
    input: Option<Result<String, TaskError>>,
    schema: Option<String>,
    options: Map<String, Value>,
    output: PhantomData<fn() -> T>,
}

impl AgentCall {
    pub(crate) fn new(shared: Rc<Shared>, prompt: String) -> Self {
        Self { shared, prompt, input: None, schema: None, options: Map::new(), output: PhantomData }
    }
}

impl<T> AgentCall<T> {
    /// Structured input beside the prompt.
    pub fn input<I: Serialize + ?Sized>(mut self, input: &I) -> Self {
        self.input = Some(to_json(input));
        self
    }

    /// The output must satisfy the JSON Schema of `U` and arrives as a `U`. The host returns
    /// outputs that do not fit to the worker, as often as [`AgentCall::schema_attempts`] says.
    pub fn schema<U: JsonSchema + DeserializeOwned>(self) -> AgentCall<U> {
        let schema = schemars::schema_for!(U);
        self.schema_value(&schema.to_value()).output()
    }

    /// The output must satisfy this JSON Schema.
    pub fn schema_value(mut self, schema: &Value) -> Self {
        self.schema = Some(schema.to_string());
        self
    }

    /// The output arrives as a `U`, without a schema that the worker would be held to.
    pub fn output<U: DeserializeOwned>(self) -> AgentCall<U> {
        AgentCall {
            shared: self.shared,
            prompt: self.prompt,
            input: self.input,
            schema: self.schema,
            options: self.options,
            output: PhantomData,
        }
    }

    /// Short name shown to people.
    pub fn label(self, label: impl Display) -> Self {
        self.option("label", label.to_string())
    }

    /// Title of the phase the task belongs to, where it is not the present one.
    pub fn phase(self, title: impl Into<String>) -> Self {
        self.option("phase", title.into())
    }

    /// An agent definition by name.
    pub fn agent_type(self, name: impl Into<String>) -> Self {
        self.option("agent_type", name.into())
    }

    /// A backend, such as `component:NAME`. Must be one the run was started with.
    pub fn backend(self, backend: impl Into<String>) -> Self {
        self.option("backend", backend.into())
    }

    /// System prompt, handed to the backend.
    pub fn system(self, system: impl Into<String>) -> Self {
        self.option("system", system.into())
    }

    /// Wall time of one attempt. Counted in milliseconds, rounded up.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.option("timeout_ms", milliseconds(timeout))
    }

    /// Glob patterns that narrow what the agent may read.
    pub fn read<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        self.option("read", patterns)
    }

    /// Names of tools the agent may call, such as `code/*` or `exec`: never more than the workflow
    /// may call itself. Without this, those that its agent type names.
    pub fn tools<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.option("tools", names)
    }

    /// Narrows what those tools may touch.
    pub fn within(self, within: Within) -> Self {
        self.option("within", within)
    }

    /// How often the output may be tried against the schema, from 1 to 5.
    pub fn schema_attempts(self, attempts: u32) -> Self {
        self.option("schema_attempts", attempts)
    }

    /// A copy of the repository of its own for the agent to work in, as of the commit the run began
    /// with. What it changed comes back as the artifact `changes.patch`; nothing is changed in
    /// place. The task fails where no copy can be given.
    pub fn worktree(self) -> Self {
        self.option("isolation", "worktree")
    }

    pub(crate) fn option(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// The object below an option, to be filled.
    pub(crate) fn object(&mut self, key: &str) -> Option<&mut Map<String, Value>> {
        self.options.entry(key).or_insert_with(|| Map::new().into()).as_object_mut()
    }

    /// Everything the agent brings: summary, evidence, artifacts, follow-ups and usage too.
    pub fn handoff(self) -> HandoffFuture<T> {
        let (prompt, schema) = (self.prompt, self.schema);
        let options = Value::Object(self.options).to_string();
        let request = self
            .input
            .transpose()
            .map(|input| Request::Agent(RawAgent { prompt, input, schema, options }));
        HandoffFuture::new(TaskFuture::new(self.shared, request))
    }
}

impl<T: DeserializeOwned> IntoFuture for AgentCall<T> {
    type Output = Result<T, TaskError>;
    type IntoFuture = OutputFuture<T>;

    fn into_future(self) -> OutputFuture<T> {
        OutputFuture::new(self.handoff())
    }
}

/// A duration in milliseconds, rounded up.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// A value as JSON text.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, TaskError> {
    serde_json::to_string(value).map_err(|error| TaskError::Input { message: error.to_string() })
}

/// A task's handoff. Spawns the task at its first poll; dropping it cancels the task.
#[must_use = "futures do nothing unless awaited"]
pub struct HandoffFuture<T> {
    task: TaskFuture,
    output: PhantomData<fn() -> T>,
}

impl<T> HandoffFuture<T> {
    pub(crate) fn new(task: TaskFuture) -> Self {
        Self { task, output: PhantomData }
    }
}

impl<T: DeserializeOwned> Future for HandoffFuture<T> {
    type Output = Result<Handoff<T>, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(context).map(|answer| typed(answer?))
    }
}

fn typed<T: DeserializeOwned>(handoff: Handoff<String>) -> Result<Handoff<T>, TaskError> {
    match serde_json::from_str(&handoff.output) {
        Ok(output) => Ok(handoff.map(|_| output)),
        Err(error) => Err(TaskError::Output { message: error.to_string(), output: handoff.output }),
    }
}

/// A task's output alone. Spawns the task at its first poll; dropping it cancels the task.
#[must_use = "futures do nothing unless awaited"]
pub struct OutputFuture<T>(HandoffFuture<T>);

impl<T> OutputFuture<T> {
    pub(crate) fn new(handoff: HandoffFuture<T>) -> Self {
        Self(handoff)
    }
}

impl<T: DeserializeOwned> Future for OutputFuture<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(|handoff| handoff.output)
    }
}
