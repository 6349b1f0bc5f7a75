//! The host of the component: its imports.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Host, Shared};
use crate::bindings::baton::runtime::files::{
    self, Content, FileError, Listing, Matches, Selection,
};
use crate::bindings::baton::runtime::gates;
use crate::bindings::baton::runtime::report::{self, Level};
use crate::bindings::baton::runtime::tasks::{self, AgentSpec, Delivery, WaitError, WorkflowSpec};
use crate::bindings::baton::runtime::tools::{self, ToolInfo, ToolSpec};
use crate::bindings::baton::runtime::types::Refusal;

/// The imports of the world.
pub struct Imports;

impl Imports {
    /// The imports, to be shared.
    #[must_use]
    pub fn shared() -> Shared {
        Rc::new(Self)
    }
}

impl Host for Imports {
    fn spawn_agent(&self, spec: &AgentSpec) -> Result<u64, Refusal> {
        tasks::spawn_agent(spec)
    }

    fn spawn_workflow(&self, spec: &WorkflowSpec) -> Result<u64, Refusal> {
        tasks::spawn_workflow(spec)
    }

    fn spawn_tool(&self, spec: &ToolSpec) -> Result<u64, Refusal> {
        tools::spawn_tool(spec)
    }

    fn tools(&self) -> Vec<ToolInfo> {
        tools::available()
    }

    fn ask(&self, question: &str, options: &str) -> Result<u64, Refusal> {
        gates::ask(question, options)
    }

    fn listen(&self) {
        gates::listen();
    }

    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal> {
        tasks::sleep(milliseconds)
    }

    fn wait_any(&self) -> Result<Delivery, WaitError> {
        tasks::wait_any(None)
    }

    fn cancel(&self, task: u64) {
        tasks::cancel(task);
    }

    fn phase(&self, title: &str) {
        report::phase(title);
    }

    fn log(&self, level: Level, text: &str) {
        report::log(level, text);
    }

    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String> {
        report::artifact(name, media_type, bytes)
    }

    fn read(&self, path: &str) -> Result<Content, FileError> {
        files::read(path)
    }

    fn list(&self, selection: &Selection) -> Result<Listing, FileError> {
        files::list(selection)
    }

    fn search(&self, pattern: &str, selection: &Selection) -> Result<Matches, FileError> {
        files::search(pattern, selection)
    }

    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        // The host's source does not fail; without it there would be no seed at all.
        if getrandom::fill(&mut bytes).is_err() {
            std::process::abort();
        }
        bytes
    }
}
