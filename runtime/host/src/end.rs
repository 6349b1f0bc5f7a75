//! How a guest's call ended, and what it said on the way.

use baton_core::handoff::Outcome;
use baton_core::json::Json;

use crate::port::PortError;

/// One task for a component of world `agent`.
#[derive(Clone, Debug)]
pub struct AgentTask {
    /// The task's path, such as `run_01JQ…/3`.
    pub id: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What is to be done, in words.
    pub prompt: String,
    /// Structured input beside the prompt, `null` if there is none.
    pub input: Json,
    /// JSON Schema the output must satisfy, if any.
    pub schema: Option<Json>,
    /// What was wrong with the output of the attempt before.
    pub corrections: Vec<String>,
    /// Further facts as a JSON object.
    pub options: Json,
}

/// How a guest's call ended.
#[derive(Debug)]
pub struct GuestEnd {
    /// The guest's own result, or what its trap or exceeded limit stands for. `Err` only when the
    /// port ended the guest.
    pub outcome: Result<Outcome, PortError>,
    /// Fuel the instance burnt. Exact, except after a trap in the middle of a computation: there
    /// one yield interval more is billed, never more than the grant.
    pub fuel: u64,
    /// What the guest wrote.
    pub output: Captured,
}

/// What a guest wrote to its standard streams. Untrusted text: strip control characters where it
/// is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes of standard output, at most half of `output_bytes`.
    pub stdout: String,
    /// The last bytes of standard error, at most half of `output_bytes`: a panic message comes
    /// last.
    pub stderr: String,
    /// Bytes of both streams that were not kept.
    pub dropped: u64,
}
