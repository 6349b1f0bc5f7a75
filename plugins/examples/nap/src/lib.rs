//! Takes steps one after the other, for tests and benches: what a step costs is what there is to
//! see.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// What to do each time.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Sleep `ms` milliseconds.
    #[default]
    Sleep,
    /// Ask an agent and wait for its answer.
    Agent,
    /// Write a line.
    Log,
    /// Look at the clock.
    Clock,
}

/// Which step, and how often.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// The step.
    pub step: Step,
    /// Milliseconds of one sleep.
    pub ms: u64,
    /// How often.
    pub times: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self { step: Step::Sleep, ms: 0, times: 1 }
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Steps taken.
    pub steps: u32,
}

/// Takes the steps.
#[baton_guest::workflow(
    name = "nap",
    description = "Takes steps one after the other: sleeps, agents, lines, looks at the clock.",
    agents
)]
pub async fn run(cx: Cx, input: Option<Input>) -> Result<Handoff<Output>> {
    let Input { step, ms, times } = input.unwrap_or_default();
    for _ in 0..times {
        match step {
            Step::Sleep => cx.sleep(Duration::from_millis(ms)).await?,
            Step::Agent => drop(cx.agent("Do nothing.").await?),
            Step::Log => cx.report().info("A line."),
            Step::Clock => drop(black_box(SystemTime::now())),
        }
    }
    Ok(Handoff::new(Output { steps: times }).summary(format!("Took {times} steps.")))
}

#[cfg(test)]
mod tests;
