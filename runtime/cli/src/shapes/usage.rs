//! What was consumed, as JSON.

use std::collections::BTreeMap;

use baton_core::handoff::Usage;
use serde::Serialize;

use crate::totals::{Ladders, Totals};

/// What was consumed.
#[derive(Debug, Serialize)]
pub struct UsageShape {
    agents: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cost_usd: f64,
    /// Calls of models that were charged by estimate.
    estimated_calls: u64,
    fuel: u64,
    wall_ms: u64,
    /// What ladders of models saved; below zero: they cost more. Where there were any, and of runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_usd: Option<f64>,
}

impl From<&Usage> for UsageShape {
    fn from(usage: &Usage) -> Self {
        Self {
            agents: usage.agents,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cached_tokens,
            cost_usd: dollars(usage.cost_micro_usd),
            estimated_calls: usage.estimated_calls,
            fuel: usage.fuel,
            wall_ms: usage.wall_ms,
            saved_usd: None,
        }
    }
}

impl UsageShape {
    /// The same with what ladders saved.
    #[must_use]
    pub fn saved(mut self, ladders: Option<&Ladders>) -> Self {
        self.saved_usd = ladders
            .filter(|ladders| !ladders.passed.is_empty())
            .map(|ladders| signed_dollars(ladders.saved_micro_usd));
        self
    }
}

/// Millionths of a dollar as dollars.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact up to nine thousand million dollars")]
pub fn dollars(micro: u64) -> f64 {
    micro as f64 / 1e6
}

/// The same of an amount that may be below zero.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact up to nine thousand million dollars")]
pub fn signed_dollars(micro: i64) -> f64 {
    micro as f64 / 1e6
}

/// What a run consumed by source, phase and model, of `show RUN --json`.
#[derive(Debug, Serialize)]
pub struct TotalsShape<'a> {
    /// What providers said, call by call.
    metered: UsageShape,
    /// What was charged by estimate.
    estimated: UsageShape,
    /// What agents say of themselves, and the fuel and time of all tasks.
    claimed: UsageShape,
    failed_attempts: FailedShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    startup: Option<StartupShape>,
    phases: Vec<PhaseShape<'a>>,
    models: Vec<ModelShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ladder: Option<LadderShape<'a>>,
}

/// What agents were sent in their first calls, before they had done anything.
#[derive(Debug, Serialize)]
struct StartupShape {
    agents: u64,
    input_tokens: u64,
    cached_tokens: u64,
}

#[derive(Debug, Serialize)]
struct FailedShape {
    attempts: u64,
    usage: UsageShape,
}

#[derive(Debug, Serialize)]
struct PhaseShape<'a> {
    phase: Option<&'a str>,
    usage: UsageShape,
}

#[derive(Debug, Serialize)]
struct ModelShape<'a> {
    backend: &'a str,
    calls: u64,
    usage: UsageShape,
}

#[derive(Debug, Serialize)]
struct LadderShape<'a> {
    passed: Vec<RungShape<'a>>,
    saved_usd: f64,
}

#[derive(Debug, Serialize)]
struct RungShape<'a> {
    rung: u32,
    backend: &'a str,
    tasks: u64,
}

impl<'a> From<&'a Totals> for TotalsShape<'a> {
    fn from(totals: &'a Totals) -> Self {
        let phases = totals.phases.iter().map(|(title, usage)| PhaseShape {
            phase: (!title.is_empty()).then_some(title),
            usage: usage.into(),
        });
        let models = totals.models.iter().map(|(backend, used)| ModelShape {
            backend,
            calls: used.calls,
            usage: (&used.usage).into(),
        });
        Self {
            metered: (&totals.metered).into(),
            estimated: (&totals.estimated).into(),
            startup: (totals.startup.agents > 0).then_some(StartupShape {
                agents: totals.startup.agents,
                input_tokens: totals.startup.input_tokens,
                cached_tokens: totals.startup.cached_tokens,
            }),
            claimed: (&totals.claimed).into(),
            failed_attempts: FailedShape {
                attempts: totals.failed.attempts,
                usage: (&totals.failed.usage).into(),
            },
            phases: phases.collect(),
            models: models.collect(),
            ladder: ladder(&totals.ladders),
        }
    }
}

fn ladder(ladders: &Ladders) -> Option<LadderShape<'_>> {
    let passed: &BTreeMap<_, _> = &ladders.passed;
    if passed.is_empty() {
        return None;
    }
    let rungs = passed.iter().map(|((rung, backend), tasks)| RungShape {
        rung: *rung,
        backend,
        tasks: *tasks,
    });
    Some(LadderShape {
        passed: rungs.collect(),
        saved_usd: signed_dollars(ladders.saved_micro_usd),
    })
}
