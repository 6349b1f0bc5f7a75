//! Who performs the agent tasks of a run, and which models it may use.

mod choose;
mod names;
mod reach;
pub mod recording;
#[cfg(test)]
mod tests;

use baton_core::model::Models;

pub use self::choose::Wanted;
pub use self::names::{is_coding_agent, outside};
pub use self::reach::{Named, reach};

/// The models of a run.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// What is pinned of them.
    pub models: Models,
    /// What a person should know of them, each on one line.
    pub notes: Vec<String>,
}
