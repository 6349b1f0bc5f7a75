//! One call, as the providers of tools take it.

use std::path::PathBuf;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::ids::TaskId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Authority;

/// One attempt at one call.
#[derive(Clone, Debug)]
pub struct ToolJob {
    /// The task.
    pub task: TaskId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Name of the tool within its provider.
    pub tool: String,
    /// Its input, which fits its schema.
    pub input: Json,
    /// What it may touch.
    pub authority: Arc<Authority>,
    /// The granted directory, if there is one.
    pub root: Option<PathBuf>,
    /// Limits of the run.
    pub limits: Arc<Limits>,
    /// Wall time of this attempt in milliseconds.
    pub timeout_ms: u64,
    /// The same for every attempt at this call, and for no other call.
    pub idempotency_key: String,
    /// W3C trace context of the attempt.
    pub traceparent: Option<String>,
}

/// The idempotency key of a task.
#[must_use]
pub fn idempotency_key(task: &TaskId) -> String {
    let digest = Digest::of_json(&("baton idempotency key 1", task.to_string()));
    digest.bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
