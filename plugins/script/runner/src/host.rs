//! What the runner needs of its host: the imports of the world behind a trait, so that the whole
//! runner can be tested without one.

use std::rc::Rc;

use crate::bindings::baton::runtime::files::{Content, FileError, Listing, Matches, Selection};
use crate::bindings::baton::runtime::report::Level;
use crate::bindings::baton::runtime::tasks::{AgentSpec, Delivery, WaitError, WorkflowSpec};
use crate::bindings::baton::runtime::tools::{ToolInfo, ToolSpec};
use crate::bindings::baton::runtime::types::Refusal;

#[cfg(target_arch = "wasm32")]
pub mod imports;

/// A host, shared by the functions of the prelude.
pub type Shared = Rc<dyn Host>;

/// The imports of the world, and its clock and randomness.
pub trait Host {
    /// Asks for an agent.
    ///
    /// # Errors
    /// Why nothing was started.
    fn spawn_agent(&self, spec: &AgentSpec) -> Result<u64, Refusal>;

    /// Asks for another workflow.
    ///
    /// # Errors
    /// Why nothing was started.
    fn spawn_workflow(&self, spec: &WorkflowSpec) -> Result<u64, Refusal>;

    /// Calls a tool.
    ///
    /// # Errors
    /// Why nothing was started.
    fn spawn_tool(&self, spec: &ToolSpec) -> Result<u64, Refusal>;

    /// The tools that may be called.
    fn tools(&self) -> Vec<ToolInfo>;

    /// Asks a person.
    ///
    /// # Errors
    /// Why nobody was asked.
    fn ask(&self, question: &str, options: &str) -> Result<u64, Refusal>;

    /// Says that the script takes messages.
    fn listen(&self);

    /// Starts a timer.
    ///
    /// # Errors
    /// Why nothing was started.
    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal>;

    /// Waits for the next end of any open task, or a message.
    ///
    /// # Errors
    /// When nothing could ever arrive.
    fn wait_any(&self) -> Result<Delivery, WaitError>;

    /// Cancels a task.
    fn cancel(&self, task: u64);

    /// Begins a phase.
    fn phase(&self, title: &str);

    /// Writes a line.
    fn log(&self, level: Level, text: &str);

    /// Keeps a file and returns its digest.
    ///
    /// # Errors
    /// Why it was not kept, in words.
    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String>;

    /// Reads a file.
    ///
    /// # Errors
    /// Why it brought nothing.
    fn read(&self, path: &str) -> Result<Content, FileError>;

    /// Lists files.
    ///
    /// # Errors
    /// Why it brought nothing.
    fn list(&self, selection: &Selection) -> Result<Listing, FileError>;

    /// Searches files.
    ///
    /// # Errors
    /// Why it brought nothing.
    fn search(&self, pattern: &str, selection: &Selection) -> Result<Matches, FileError>;

    /// Virtual time, in milliseconds since 1970.
    fn now_ms(&self) -> u64;

    /// Sixteen random bytes of the run's virtual source.
    fn random(&self) -> [u8; 16];
}
