//! A forecast as JSON.

use baton_core::forecast::{Basis, Figures, Forecast, PhaseForecast, Range};
use serde::Serialize;

use crate::shapes::dollars;

/// A forecast, of `plan --json`, `run --json` and `show --json`.
#[derive(Debug, Serialize)]
pub struct ForecastShape<'a> {
    #[serde(flatten)]
    total: FiguresShape,
    phases: Vec<PhaseShape<'a>>,
    basis: &'a Basis,
    complete: bool,
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct PhaseShape<'a> {
    title: Option<&'a str>,
    #[serde(flatten)]
    figures: FiguresShape,
}

#[derive(Debug, Serialize)]
struct FiguresShape {
    agents: Range,
    input_tokens: Range,
    output_tokens: Range,
    cost_usd: Cost,
    wall_ms: Range,
}

#[derive(Debug, Serialize)]
struct Cost {
    low: f64,
    likely: f64,
    high: f64,
}

impl<'a> From<&'a Forecast> for ForecastShape<'a> {
    fn from(forecast: &'a Forecast) -> Self {
        let phase = |phase: &'a PhaseForecast| PhaseShape {
            title: phase.title.as_deref(),
            figures: (&phase.figures).into(),
        };
        Self {
            total: (&forecast.total).into(),
            phases: forecast.phases.iter().map(phase).collect(),
            basis: &forecast.basis,
            complete: forecast.complete,
            notes: &forecast.notes,
        }
    }
}

impl From<&Figures> for FiguresShape {
    fn from(figures: &Figures) -> Self {
        let Range { low, likely, high } = figures.cost_micro_usd;
        Self {
            agents: figures.agents,
            input_tokens: figures.input_tokens,
            output_tokens: figures.output_tokens,
            cost_usd: Cost { low: dollars(low), likely: dollars(likely), high: dollars(high) },
            wall_ms: figures.wall_ms,
        }
    }
}
