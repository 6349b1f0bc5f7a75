//! How calls of models come to be on record, before and after.

use std::sync::Arc;

use baton_core::budget::Amounts;
use baton_core::handoff::Usage;

use super::BackendFuture;

/// What a model makes known of one call, before and after: see [`Meter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the provider.
    pub provider: String,
    /// The model, as its provider calls it.
    pub model: String,
    /// The most that the call may consume: tokens sent by estimate, tokens received by their limit,
    /// and what both cost.
    pub reserve: Usage,
}

/// What a call of a model came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What it consumed.
    pub usage: Usage,
    /// The provider did not say; the numbers are estimates.
    pub estimated: bool,
    /// The provider answered: whatever is wrong with the answer, it serves.
    pub answered: bool,
    /// What was said since the call before, see [`crate::model::transcript`]: also of a call that
    /// failed, so that results of tools are not lost with it. None: nothing.
    pub content: Option<Arc<[u8]>>,
}

/// Meters the calls of one agent task. A task makes one call at a time.
///
/// A call is on record, with what it may consume at the most, before it is made; what it did consume
/// is on record before its answer has any effect. So caps hold for agents at work together, nothing
/// that was paid for is lost with the process, and an attempt continues the conversation of the one
/// before.
pub trait Meter: Send + Sync {
    /// Contents of the turns so far, those of earlier attempts included, in order.
    fn turns(&self) -> Vec<Arc<[u8]>>;

    /// Asks for room for a call. Ends when the call is on record and fits every cap: that may take
    /// as long as other calls are at work, and none of that time is the agent's. An error: the run
    /// was let go, and the attempt must end as cancelled.
    fn reserve(&self, call: Asked) -> BackendFuture<'static, Result<(), LetGo>>;

    /// Says what the call came to. Ends when that is on record. Every reserved call is settled, also
    /// one that failed; one that is not, because the process died or the future was dropped, is
    /// charged with its reserve.
    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()>;

    /// What is left of the task's own budget, that of the workflow and the caps, as far as anything
    /// limits it, for agents that can be told a limit at their start.
    fn left(&self) -> Amounts;
}

/// The run was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run was let go")]
pub struct LetGo;
