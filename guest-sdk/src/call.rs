//! Calling tools: from workflows, where a call is a task, and from agents, where it waits.

use std::fmt::Display;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::agent::{HandoffFuture, OutputFuture, milliseconds, to_json};
use crate::error::TaskError;
use crate::executor::{Request, Shared, TaskFuture};
use crate::host::{RawTool, ToolboxHost};
use crate::within::Within;

/// Name of the tool that runs commands.
const EXEC: &str = "exec";

/// A tool that may be called.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolInfo {
    /// Its full name, such as `code/search`.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input, or none for anything.
    pub input: Option<Value>,
    /// JSON Schema of its output, or none for anything.
    pub output: Option<Value>,
}

/// How a command ended. A status other than 0 is no error of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutput {
    /// Its exit status.
    pub status: i32,
    /// What it wrote to standard output, bytes that are not UTF-8 replaced.
    pub stdout: String,
    /// What it wrote to standard error, likewise.
    pub stderr: String,
    /// Whether a limit cut one of them.
    #[serde(default)]
    pub truncated: bool,
}

impl ExecOutput {
    /// Whether the status is 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status == 0
    }
}

/// What is asked of a tool, whoever asks.
struct Asked {
    name: String,
    input: Result<String, TaskError>,
    options: Map<String, Value>,
}

impl Asked {
    fn new<I: Serialize + ?Sized>(name: String, input: &I) -> Self {
        Self { name, input: to_json(input), options: Map::new() }
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.options.insert(key.into(), value.into());
    }

    fn raw(self) -> Result<RawTool, TaskError> {
        let (name, options) = (self.name, Value::Object(self.options).to_string());
        self.input.map(|input| RawTool { name, input, options })
    }
}

/// Input of the tool that runs commands.
struct Command(Map<String, Value>);

impl Command {
    fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        let argv: Vec<String> = argv.into_iter().map(Into::into).collect();
        Self(Map::from_iter([("argv".to_owned(), json!(argv))]))
    }

    fn asked(self, options: Map<String, Value>) -> Asked {
        Asked { options, ..Asked::new(EXEC.into(), &self.0) }
    }
}

macro_rules! options {
    ($($options:ident).+) => {
        /// Short name shown to people.
        pub fn label(mut self, label: impl Display) -> Self {
            self.$($options).+.insert("label".into(), label.to_string().into());
            self
        }

        /// Wall time of one attempt. Counted in milliseconds, rounded up.
        pub fn timeout(mut self, timeout: Duration) -> Self {
            self.$($options).+.insert("timeout_ms".into(), milliseconds(timeout).into());
            self
        }

        /// Narrows what the tool may touch.
        pub fn within(mut self, within: Within) -> Self {
            self.$($options).+.insert("within".into(), within.into());
            self
        }
    };
}

macro_rules! command {
    () => {
        /// Its working directory, relative to the root; else the root itself.
        pub fn cwd(mut self, path: impl Into<String>) -> Self {
            self.command.0.insert("cwd".into(), path.into().into());
            self
        }

        /// What it reads on standard input; else nothing.
        pub fn stdin(mut self, text: impl Into<String>) -> Self {
            self.command.0.insert("stdin".into(), text.into().into());
            self
        }
    };
}

/// A tool to be called by a workflow; made by [`Cx::tool`](crate::Cx::tool). Await it for its
/// output, or [`ToolCall::handoff`] for everything it brings. `T` is the type of the output.
///
/// A call that was interrupted in the middle of what must not happen twice fails with kind
/// [`FailureKind::InDoubt`](crate::FailureKind::InDoubt): whether it happened is for the workflow
/// to find out.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # use baton_guest::Within;
/// # async fn example(cx: Cx) -> Result<()> {
/// # #[derive(serde::Deserialize)] struct Hit { path: String }
/// let hits: Vec<Hit> = cx
///     .tool("code/search", &serde_json::json!({ "pattern": "TODO" }))
///     .output()
///     .label("what is left to do")
///     .within(Within::new().read(["src/**"]))
///     .await?;
/// let comment = cx.tool("github/comment", &serde_json::json!({ "text": "Done." }));
/// match comment.await {
///     Ok(_) => {}
///     Err(error) if error.is_in_doubt() => log!(cx, "look whether the comment is there"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) }
/// ```
#[must_use = "a tool is not called unless the call is awaited"]
pub struct ToolCall<T = Value> {
    shared: Rc<Shared>,
    asked: Asked,
    output: PhantomData<fn() -> T>,
}

impl ToolCall {
    pub(crate) fn new<I: Serialize + ?Sized>(shared: Rc<Shared>, name: String, input: &I) -> Self {
        Self { shared, asked: Asked::new(name, input), output: PhantomData }
    }
}

impl<T> ToolCall<T> {
    /// The output arrives as a `U`.
    pub fn output<U: DeserializeOwned>(self) -> ToolCall<U> {
        ToolCall { shared: self.shared, asked: self.asked, output: PhantomData }
    }

    /// Title of the phase the task belongs to, where it is not the present one.
    pub fn phase(mut self, title: impl Into<String>) -> Self {
        self.asked.set("phase", title.into());
        self
    }

    options!(asked.options);

    /// Everything the tool brings: its output, and artifacts and usage where it has some.
    pub fn handoff(self) -> HandoffFuture<T> {
        let request = self.asked.raw().map(Request::Tool);
        HandoffFuture::new(TaskFuture::new(self.shared, request))
    }
}

impl<T: DeserializeOwned> IntoFuture for ToolCall<T> {
    type Output = Result<T, TaskError>;
    type IntoFuture = OutputFuture<T>;

    fn into_future(self) -> OutputFuture<T> {
        OutputFuture::new(self.handoff())
    }
}

/// A command to be run for a workflow; made by [`Cx::exec`](crate::Cx::exec). Await it for its
/// [`ExecOutput`]. A command that ends with another status than 0 has run; one that could not be
/// started, ran out of time or was killed is an error.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let tests = cx.exec(["cargo", "test", "--workspace"]).cwd("runtime").await?;
/// if !tests.succeeded() {
///     log!(cx, "{}", tests.stderr);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a command is not run unless the call is awaited"]
pub struct ExecCall {
    shared: Rc<Shared>,
    command: Command,
    options: Map<String, Value>,
}

impl ExecCall {
    pub(crate) fn new<S: Into<String>>(
        shared: Rc<Shared>,
        argv: impl IntoIterator<Item = S>,
    ) -> Self {
        Self { shared, command: Command::new(argv), options: Map::new() }
    }

    command!();

    /// Title of the phase the task belongs to, where it is not the present one.
    pub fn phase(mut self, title: impl Into<String>) -> Self {
        self.options.insert("phase".into(), title.into().into());
        self
    }

    options!(options);
}

impl IntoFuture for ExecCall {
    type Output = Result<ExecOutput, TaskError>;
    type IntoFuture = OutputFuture<ExecOutput>;

    fn into_future(self) -> OutputFuture<ExecOutput> {
        let asked = self.command.asked(self.options);
        let call = ToolCall { shared: self.shared, asked, output: PhantomData };
        OutputFuture::new(call.handoff())
    }
}

/// A tool to be called by an agent; made by [`AgentCx::tool`](crate::AgentCx::tool).
#[must_use = "a tool is not called without `call`"]
pub struct AgentToolCall {
    host: Rc<dyn ToolboxHost>,
    asked: Asked,
}

impl AgentToolCall {
    pub(crate) fn new<I: Serialize + ?Sized>(
        host: Rc<dyn ToolboxHost>,
        name: String,
        input: &I,
    ) -> Self {
        Self { host, asked: Asked::new(name, input) }
    }

    options!(asked.options);

    /// Calls the tool and waits for its end.
    ///
    /// # Errors
    /// When the call is turned down or fails, or when the output is no `T`.
    pub fn call<T: DeserializeOwned>(self) -> Result<T, TaskError> {
        let output = self.host.call(&self.asked.raw()?)?;
        serde_json::from_str(&output)
            .map_err(|error| TaskError::Output { message: error.to_string(), output })
    }
}

/// A command to be run for an agent; made by [`AgentCx::exec`](crate::AgentCx::exec).
#[must_use = "a command is not run without `call`"]
pub struct AgentExecCall {
    host: Rc<dyn ToolboxHost>,
    command: Command,
    options: Map<String, Value>,
}

impl AgentExecCall {
    pub(crate) fn new<S: Into<String>>(
        host: Rc<dyn ToolboxHost>,
        argv: impl IntoIterator<Item = S>,
    ) -> Self {
        Self { host, command: Command::new(argv), options: Map::new() }
    }

    command!();
    options!(options);

    /// Runs the command and waits for its end.
    ///
    /// # Errors
    /// When it is turned down, cannot be started, runs out of time or is killed.
    pub fn call(self) -> Result<ExecOutput, TaskError> {
        AgentToolCall { host: self.host, asked: self.command.asked(self.options) }.call()
    }
}

#[cfg(test)]
mod tests;
