//! What a guest is handed to reach its host.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::agent::AgentCall;
use crate::budget::Budget;
use crate::executor::Shared;
use crate::files::Files;
use crate::host::{BudgetHost, FileHost, ReportHost, TaskHost};
use crate::message::MessageFuture;
use crate::report::Report;
use crate::sleep::Sleep;
use crate::workflow::WorkflowCall;

/// A workflow's way to its host. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    pub(crate) shared: Rc<Shared>,
    files: Files,
    report: Report,
    budget: Budget,
}

impl Cx {
    pub(crate) fn new<H>(host: Rc<H>) -> Self
    where
        H: TaskHost + FileHost + ReportHost + BudgetHost + 'static,
    {
        Self {
            shared: Shared::new(Rc::clone(&host) as Rc<dyn TaskHost>),
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

    /// A durable timer of at most 366 days, counted in milliseconds from the present virtual time.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(Rc::clone(&self.shared), duration)
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
    files: Files,
    report: Report,
}

impl AgentCx {
    pub(crate) fn new<H: FileHost + ReportHost + 'static>(host: Rc<H>) -> Self {
        Self { files: Files::new(Rc::clone(&host) as Rc<dyn FileHost>), report: Report::new(host) }
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
