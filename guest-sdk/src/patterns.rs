//! Ways to combine calls. Whatever is dropped on the way is cancelled.
//!
//! Everything that takes calls takes anything that becomes a future: agent and workflow calls,
//! timers, messages, `async` blocks.

mod children;
mod converge;
mod join;
mod limit;
mod pipeline;
mod race;
mod retry;
mod verify;

pub use converge::{Converged, converge};
pub use join::{join_all, try_join_all};
pub use limit::Limit;
pub use pipeline::{Pipeline, pipeline};
pub use race::{race, race_ok};
pub use retry::{Retry, retry};
pub use verify::{Ruling, Verdict, Verification, verify};

#[cfg(test)]
mod tests;
