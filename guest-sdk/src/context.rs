//! What a guest is handed to reach its host.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::agent::AgentCall;
use crate::budget::Budget;
use crate::call::{AgentExecCall, AgentToolCall, ExecCall, ToolCall, ToolInfo};
use crate::executor::Shared;
use crate::files::Files;
use crate::gate::GateCall;
use crate::host::{BudgetHost, FileHost, GateHost, ReportHost, TaskHost, ToolHost, ToolboxHost};
use crate::message::{MessageFuture, Messages};
use crate::report::Report;
use crate::sleep::Sleep;
use crate::workflow::WorkflowCall;

/// A workflow's way to its host. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    pub(crate) shared: Rc<Shared>,
    tools: Rc<dyn ToolHost>,
    files: Files,
    report: Report,
    budget: Budget,
}

impl Cx {
    pub(crate) fn new<H>(host: Rc<H>) -> Self
    where
        H: TaskHost + ToolHost + GateHost + FileHost + ReportHost + BudgetHost + 'static,
    {
        Self {
            shared: Shared::new(
                Rc::clone(&host) as Rc<dyn TaskHost>,
                Rc::clone(&host) as Rc<dyn ToolHost>,
                Rc::clone(&host) as Rc<dyn GateHost>,
            ),
            tools: Rc::clone(&host) as Rc<dyn ToolHost>,
            files: Files::new(Rc::clone(&host) as Rc<dyn FileHost>),
            report: Report::new(Rc::clone(&host) as Rc<dyn ReportHost>),
            budget: Budget::new(host),
        }
    }

    /// An agent for a bounded piece of work, said in at most 1 MiB of words.
    pub fn agent(&self, prompt: impl Into<String>) -> AgentCall {
        AgentCall::new(Rc::clone(&self.shared), prompt.into())
    }

    /// Another workflow as a child, by the name under which it was pinned with the program.
    pub fn workflow<I: Serialize + ?Sized>(
        &self,
        name: impl Into<String>,
        input: &I,
    ) -> WorkflowCall {
        WorkflowCall::new(Rc::clone(&self.shared), name.into(), input)
    }

    /// A tool by its name: `PROVIDER/TOOL`, or `TOOL` alone where only one provider has it.
    pub fn tool<I: Serialize + ?Sized>(&self, name: impl Into<String>, input: &I) -> ToolCall {
        ToolCall::new(Rc::clone(&self.shared), name.into(), input)
    }

    /// A command: a program and its arguments, which no shell sees.
    pub fn exec<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> ExecCall {
        ExecCall::new(Rc::clone(&self.shared), argv)
    }

    /// The tools that this workflow may call, in the order of their names.
    #[must_use]
    pub fn tools(&self) -> Vec<ToolInfo> {
        self.tools.available()
    }

    /// A durable timer of at most 366 days, counted in milliseconds from the present virtual time.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(Rc::clone(&self.shared), duration)
    }

    /// A question to a person, in at most 16 KiB of words.
    pub fn gate(&self, question: impl Into<String>) -> GateCall {
        GateCall::new(Rc::clone(&self.shared), question.into())
    }

    /// The messages that people send to the run. Says at once that this workflow takes them; only
    /// the root workflow of a run gets any.
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages::new(Rc::clone(&self.shared))
    }

    /// The next message that a person sends to the run.
    pub fn message(&self) -> MessageFuture {
        MessageFuture::new(Rc::clone(&self.shared))
    }

    /// Files inside the granted root.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Telling people how the work goes.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The workflow's own budget.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

/// An agent's way to its host. Cheap to clone.
#[derive(Clone)]
pub struct AgentCx {
    tools: Rc<dyn ToolboxHost>,
    files: Files,
    report: Report,
}

impl AgentCx {
    pub(crate) fn new<H: ToolboxHost + FileHost + ReportHost + 'static>(host: Rc<H>) -> Self {
        Self {
            tools: Rc::clone(&host) as Rc<dyn ToolboxHost>,
            files: Files::new(Rc::clone(&host) as Rc<dyn FileHost>),
            report: Report::new(host),
        }
    }

    /// A tool by its name: `PROVIDER/TOOL`, or `TOOL` alone where only one provider has it.
    ///
    /// ```no_run
    /// # use baton_guest::prelude::*;
    /// # fn example(cx: AgentCx) -> Result<()> {
    /// let outline: Vec<String> =
    ///     cx.tool("code/outline", &serde_json::json!({ "path": "src/lib.rs" })).call()?;
    /// # Ok(()) }
    /// ```
    pub fn tool<I: Serialize + ?Sized>(&self, name: impl Into<String>, input: &I) -> AgentToolCall {
        AgentToolCall::new(Rc::clone(&self.tools), name.into(), input)
    }

    /// A command: a program and its arguments, which no shell sees.
    pub fn exec<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> AgentExecCall {
        AgentExecCall::new(Rc::clone(&self.tools), argv)
    }

    /// The tools that this agent was given, in the order of their names.
    #[must_use]
    pub fn tools(&self) -> Vec<ToolInfo> {
        self.tools.offered()
    }

    /// Files inside the granted root.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Telling people how the work goes.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}
