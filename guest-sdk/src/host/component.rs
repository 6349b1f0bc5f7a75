//! The seam over the imports of the component.

mod lift;
mod lower;

use std::rc::Rc;

use self::bindings::baton::runtime::{budget, files, gates, report, tasks, toolbox, tools};
use self::lift::{amounts, entry, failure, file_error, handoff, refusal, tool_info, usage};
use self::lower::{raw_selection, raw_tool};

use super::{
    BudgetHost, Delivery, FileHost, GateHost, RawAgent, RawGate, RawSelection, RawTool,
    RawWorkflow, ReportHost, TaskHost, ToolHost, ToolboxHost, WaitError,
};
use crate::budget::Amounts;
use crate::call::ToolInfo;
use crate::error::TaskError;
use crate::failure::Refusal;
use crate::files::{Content, Entry, FileError, Found, Listing, Matches};
use crate::message::Message;
use crate::report::Level;

pub(crate) use self::lift::task;
pub use self::lower::tool_end;
pub(crate) use self::lower::{RawEnd, raw_end};

/// Imports of both worlds. What a guest does not use is not linked, so an agent imports no
/// `tasks`; the exports are generated in the guest's own crate, because a world's description is
/// linked with the crate that generated it.
#[allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated from wit/"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package baton:guest;
            world imports {
                import baton:runtime/types@0.1.2;
                import baton:runtime/tasks@0.1.2;
                import baton:runtime/files@0.1.2;
                import baton:runtime/report@0.1.2;
                import baton:runtime/budget@0.1.2;
                import baton:runtime/tools@0.1.2;
                import baton:runtime/gates@0.1.2;
                import baton:runtime/toolbox@0.1.2;
            }
        ",
        generate_unused_types: true,
        generate_all,
    });
}

/// The host of a component.
pub(crate) struct Component;

impl Component {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self)
    }
}

impl TaskHost for Component {
    fn spawn_agent(&self, spec: &RawAgent) -> Result<u64, Refusal> {
        let spec = tasks::AgentSpec {
            prompt: spec.prompt.clone(),
            input: spec.input.clone(),
            schema: spec.schema.clone(),
            options: spec.options.clone(),
        };
        tasks::spawn_agent(&spec).map_err(refusal)
    }

    fn spawn_workflow(&self, spec: &RawWorkflow) -> Result<u64, Refusal> {
        let spec = tasks::WorkflowSpec {
            name: spec.name.clone(),
            input: spec.input.clone(),
            options: spec.options.clone(),
        };
        tasks::spawn_workflow(&spec).map_err(refusal)
    }

    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal> {
        tasks::sleep(milliseconds).map_err(refusal)
    }

    fn wait_any(&self, list: Option<&[u64]>) -> Result<Delivery, WaitError> {
        match tasks::wait_any(list) {
            Ok(tasks::Delivery::Completion(completion)) => Ok(Delivery::Completion {
                task: completion.task,
                outcome: completion.outcome.map(handoff).map_err(failure),
                usage: usage(completion.usage),
            }),
            Ok(tasks::Delivery::Message(message)) => {
                Ok(Delivery::Message(Message { sender: message.sender, text: message.text }))
            }
            Err(tasks::WaitError::NothingToWaitFor) => Err(WaitError::NothingToWaitFor),
            Err(tasks::WaitError::UnknownTask) => Err(WaitError::UnknownTask),
        }
    }

    fn cancel(&self, task: u64) {
        tasks::cancel(task);
    }
}

impl ToolHost for Component {
    fn spawn_tool(&self, spec: &RawTool) -> Result<u64, Refusal> {
        tools::spawn_tool(&raw_tool(spec)).map_err(refusal)
    }

    fn available(&self) -> Vec<ToolInfo> {
        tools::available().into_iter().map(tool_info).collect()
    }
}

impl GateHost for Component {
    fn ask(&self, spec: &RawGate) -> Result<u64, Refusal> {
        gates::ask(&spec.question, &spec.options).map_err(refusal)
    }

    fn listen(&self) {
        gates::listen();
    }
}

impl ToolboxHost for Component {
    fn call(&self, spec: &RawTool) -> Result<String, TaskError> {
        toolbox::call(&raw_tool(spec)).map_err(|error| match error {
            toolbox::CallError::Refused(raw) => TaskError::Refused(refusal(raw)),
            toolbox::CallError::Failed(raw) => TaskError::Failed(failure(raw)),
        })
    }

    fn offered(&self) -> Vec<ToolInfo> {
        toolbox::available().into_iter().map(tool_info).collect()
    }
}

impl BudgetHost for Component {
    fn granted(&self) -> Amounts {
        amounts(budget::granted())
    }

    fn spent(&self) -> Amounts {
        amounts(budget::spent())
    }

    fn left(&self) -> Amounts {
        amounts(budget::left())
    }
}

impl FileHost for Component {
    fn read(&self, path: &str) -> Result<Content, FileError> {
        files::read(path)
            .map(|content| Content { bytes: content.bytes, digest: content.digest })
            .map_err(file_error)
    }

    fn list(&self, selection: &RawSelection) -> Result<Listing, FileError> {
        let listing = files::list(&raw_selection(selection)).map_err(file_error)?;
        let entries = listing.entries.into_iter().map(entry).collect();
        Ok(Listing { entries, truncated: listing.truncated })
    }

    fn search(&self, pattern: &str, selection: &RawSelection) -> Result<Matches, FileError> {
        let found = files::search(pattern, &raw_selection(selection)).map_err(file_error)?;
        let one = |found: files::Found| Found {
            path: found.path,
            line: found.line,
            column: found.column,
            text: found.text,
        };
        Ok(Matches {
            matches: found.matches.into_iter().map(one).collect(),
            truncated: found.truncated,
        })
    }

    fn stat(&self, path: &str) -> Result<Entry, FileError> {
        files::stat(path).map(entry).map_err(file_error)
    }
}

impl ReportHost for Component {
    fn phase(&self, title: &str) {
        report::phase(title);
    }

    fn log(&self, level: Level, text: &str) {
        let level = match level {
            Level::Debug => report::Level::Debug,
            Level::Info => report::Level::Info,
            Level::Warn => report::Level::Warn,
            Level::Error => report::Level::Error,
        };
        report::log(level, text);
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        report::progress(done, total);
    }

    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String> {
        report::artifact(name, media_type, bytes)
    }
}
