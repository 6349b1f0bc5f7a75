//! Asking for another workflow.

use std::fmt::Display;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::agent::{HandoffFuture, OutputFuture, to_json};
use crate::budget::Amounts;
use crate::error::TaskError;
use crate::executor::{Request, Shared, TaskFuture};
use crate::host::RawWorkflow;
use crate::within::Within;

/// A workflow to be run as a child; made by [`Cx::workflow`](crate::Cx::workflow). Its scope and
/// budget are never wider than its parent's. Await it for its output, or
/// [`WorkflowCall::handoff`] for everything it brings.
#[must_use = "a workflow is not started unless the call is awaited"]
pub struct WorkflowCall<T = Value> {
    shared: Rc<Shared>,
    name: String,
    input: Result<String, TaskError>,
    options: Map<String, Value>,
    output: PhantomData<fn() -> T>,
}

impl WorkflowCall {
    pub(crate) fn new<I: Serialize + ?Sized>(shared: Rc<Shared>, name: String, input: &I) -> Self {
        Self { shared, name, input: to_json(input), options: Map::new(), output: PhantomData }
    }
}

impl<T> WorkflowCall<T> {
    /// The output arrives as a `U`.
    pub fn output<U: DeserializeOwned>(self) -> WorkflowCall<U> {
        WorkflowCall {
            shared: self.shared,
            name: self.name,
            input: self.input,
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

    /// Glob patterns that narrow what the child may read.
    pub fn read<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        self.option("read", patterns)
    }

    /// Narrows which tools the child may call, and what they may touch.
    pub fn within(self, within: Within) -> Self {
        self.option("within", within)
    }

    /// What the child may spend of this workflow's budget; an amount that is none is not limited
    /// any further.
    pub fn budget(self, amounts: Amounts) -> Self {
        self.option("budget", amounts.options())
    }

    fn option(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }

    /// Everything the child brings: summary, evidence, artifacts, follow-ups and usage too.
    pub fn handoff(self) -> HandoffFuture<T> {
        let name = self.name;
        let options = Value::Object(self.options).to_string();
        let request =
            self.input.map(|input| Request::Workflow(RawWorkflow { name, input, options }));
        HandoffFuture::new(TaskFuture::new(self.shared, request))
    }
}

impl<T: DeserializeOwned> IntoFuture for WorkflowCall<T> {
    type Output = Result<T, TaskError>;
    type IntoFuture = OutputFuture<T>;

    fn into_future(self) -> OutputFuture<T> {
        OutputFuture::new(self.handoff())
    }
}
