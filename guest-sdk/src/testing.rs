//! A host in memory, for native tests of guests.
//!
//! ```
//! use baton_guest::prelude::*;
//! use baton_guest::testing::{Event, Script};
//! use serde_json::json;
//!
//! async fn run(cx: Cx, name: String) -> Result<String> {
//!     Ok(cx.agent(format!("Greet {name}.")).await?)
//! }
//!
//! let script = Script::new().agents(|request| json!(format!("did: {}", request.prompt)));
//! let end = script.run(|cx| run(cx, "Ada".into())).unwrap();
//! assert_eq!(end.unwrap(), "did: Greet Ada.");
//! assert!(script.events().contains(&Event::Wait(Some(vec![1]))));
//! ```

mod files;
mod gates;
mod http;
mod reply;
mod reports;
mod requests;
mod tasks;
mod tools;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::budget::Amounts;
use crate::call::ToolInfo;
use crate::context::{AgentCx, Cx};
use crate::entry;
use crate::error::Error;
use crate::failure::Failure;
use crate::handoff::{Handoff, IntoHandoff, Usage};
use crate::message::Message;
use crate::task::Task;
use crate::tool::{self, ToolError};

pub use self::http::{HttpAnswer, with_http};
pub use self::reply::Reply;
pub use self::requests::{AgentRequest, Event, GateRequest, ToolRequest, WorkflowRequest};

/// A host that answers from a script and remembers what it was asked.
///
/// Tasks end in the order of their numbers, timers when nothing else is left to end before them.
/// [`Script::order`] changes that.
pub struct Script(Rc<Stage>);

type Answer<R> = Box<dyn Fn(&R) -> Reply>;
type Order = Box<dyn FnMut(&[u64]) -> u64>;

struct Stage {
    agents: RefCell<Option<Answer<AgentRequest>>>,
    workflows: RefCell<Option<Answer<WorkflowRequest>>>,
    tools: RefCell<Option<Answer<ToolRequest>>>,
    gates: RefCell<Option<Answer<GateRequest>>>,
    order: RefCell<Option<Order>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    tools: Vec<ToolInfo>,
    granted: Amounts,
    spent: Usage,
    spawned: u64,
    now: u64,
    open: BTreeMap<u64, tasks::Open>,
    messages: VecDeque<Message>,
    events: Vec<Event>,
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// A host without files and messages, which refuses agents, workflows, tools and gates.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::new(Stage {
            agents: RefCell::default(),
            workflows: RefCell::default(),
            tools: RefCell::default(),
            gates: RefCell::default(),
            order: RefCell::default(),
            state: RefCell::default(),
        }))
    }

    /// How agents end. Asked when they are spawned.
    #[must_use]
    pub fn agents<R: Into<Reply>>(self, answer: impl Fn(&AgentRequest) -> R + 'static) -> Self {
        *self.0.agents.borrow_mut() = Some(Box::new(move |request| answer(request).into()));
        self
    }

    /// How workflows end. Asked when they are spawned.
    #[must_use]
    pub fn workflows<R: Into<Reply>>(
        self,
        answer: impl Fn(&WorkflowRequest) -> R + 'static,
    ) -> Self {
        *self.0.workflows.borrow_mut() = Some(Box::new(move |request| answer(request).into()));
        self
    }

    /// How tools and commands end. Asked when they are called.
    #[must_use]
    pub fn tools<R: Into<Reply>>(self, answer: impl Fn(&ToolRequest) -> R + 'static) -> Self {
        *self.0.tools.borrow_mut() = Some(Box::new(move |request| answer(request).into()));
        self
    }

    /// How people answer: with a [`GateAnswer`](crate::gate::GateAnswer), or with the failure at the end of the deadline. Asked
    /// when the gate is.
    #[must_use]
    pub fn gates<R: Into<Reply>>(self, answer: impl Fn(&GateRequest) -> R + 'static) -> Self {
        *self.0.gates.borrow_mut() = Some(Box::new(move |request| answer(request).into()));
        self
    }

    /// Lists a tool among those that may be called. It is only shown; what is called is answered
    /// by [`Script::tools`].
    #[must_use]
    pub fn tool_info(self, info: ToolInfo) -> Self {
        let mut state = self.0.state.borrow_mut();
        state.tools.push(info);
        state.tools.sort_by(|one, other| one.name.cmp(&other.name));
        drop(state);
        self
    }

    /// Which of the tasks that could end next does. A number that is not among them counts as the
    /// first of them.
    #[must_use]
    pub fn order(self, order: impl FnMut(&[u64]) -> u64 + 'static) -> Self {
        *self.0.order.borrow_mut() = Some(Box::new(order));
        self
    }

    /// Puts a file into the root. The path is relative to it.
    #[must_use]
    pub fn file(self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.0.state.borrow_mut().files.insert(path.into(), content.into());
        self
    }

    /// Has a person send a message, delivered at the first wait that takes messages.
    #[must_use]
    pub fn message(self, sender: impl Into<String>, text: impl Into<String>) -> Self {
        let message = Message { sender: sender.into(), text: text.into() };
        self.0.state.borrow_mut().messages.push_back(message);
        self
    }

    /// Grants a budget. It is only shown to the workflow; nothing is refused for it.
    #[must_use]
    pub fn budget(self, granted: Amounts) -> Self {
        self.0.state.borrow_mut().granted = granted;
        self
    }

    /// Runs a workflow to its end.
    ///
    /// # Errors
    /// The failure a host would see when the workflow waits for nothing.
    pub fn run<F: Future>(&self, body: impl FnOnce(Cx) -> F) -> Result<F::Output, Failure> {
        let cx = Cx::new(Rc::clone(&self.0));
        let shared = Rc::clone(&cx.shared);
        shared.block_on(body(cx)).map_err(Failure::from)
    }

    /// Runs a workflow as its component would: JSON in, JSON out.
    ///
    /// # Errors
    /// The failure a host would see.
    pub fn run_json<I, O, E, F>(
        &self,
        input: &Value,
        body: impl FnOnce(Cx, I) -> F,
    ) -> Result<Handoff<Value>, Failure>
    where
        I: DeserializeOwned,
        O: IntoHandoff,
        E: Into<Error>,
        F: Future<Output = Result<O, E>>,
    {
        let end = entry::run(Cx::new(Rc::clone(&self.0)), &input.to_string(), body)?;
        Ok(end.map(|output| tasks::value(&output)))
    }

    /// An agent's way to this host.
    #[must_use]
    pub fn agent_cx(&self) -> AgentCx {
        AgentCx::new(Rc::clone(&self.0))
    }

    /// Has an agent perform a task as its component would: JSON in, JSON out.
    ///
    /// # Errors
    /// The failure a host would see.
    pub fn perform_json<I, O, E>(
        &self,
        task: Task<Value>,
        body: impl FnOnce(AgentCx, Task<I>) -> Result<O, E>,
    ) -> Result<Handoff<Value>, Failure>
    where
        I: DeserializeOwned,
        O: IntoHandoff,
        E: Into<Error>,
    {
        let input = task.input.to_string();
        let end = entry::perform(self.agent_cx(), task.with_input(input), body)?;
        Ok(end.map(|output| tasks::value(&output)))
    }

    /// The same for an `async` function.
    ///
    /// # Errors
    /// The failure a host would see.
    pub fn perform_json_async<I, O, E, F>(
        &self,
        task: Task<Value>,
        body: impl FnOnce(AgentCx, Task<I>) -> F,
    ) -> Result<Handoff<Value>, Failure>
    where
        I: DeserializeOwned,
        O: IntoHandoff,
        E: Into<Error>,
        F: Future<Output = Result<O, E>>,
    {
        let input = task.input.to_string();
        let end = entry::perform_async(self.agent_cx(), task.with_input(input), body)?;
        Ok(end.map(|output| tasks::value(&output)))
    }

    /// What the host was asked so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.state.borrow().events.clone()
    }
}

/// Calls a tool as its component would: JSON in, JSON out.
///
/// # Errors
/// What the tool ends with, or that its input does not fit its type.
pub fn call_tool<I, O, E>(
    tool: impl FnOnce(I) -> Result<O, E>,
    input: &Value,
) -> Result<Value, ToolError>
where
    I: DeserializeOwned,
    O: serde::Serialize,
    E: Into<ToolError>,
{
    tool::call(&input.to_string(), tool).map(|output| tasks::value(&output))
}

impl Stage {
    fn note(&self, event: Event) {
        self.state.borrow_mut().events.push(event);
    }
}
