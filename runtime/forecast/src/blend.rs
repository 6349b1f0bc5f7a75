//! From dry runs and earlier runs to a forecast.

use baton_core::forecast::{Figures, PhaseForecast, Range};

use crate::answer::Lean;
use crate::band::{Seen, Width, band, less, more};
use crate::dry::{Dry, End};
use crate::figures::{Counts, Outturn, Title};
use crate::history::Past;

/// What all dry runs of a forecast count together, against one earlier run of another program.
const DRY: f64 = 1.0;
/// An earlier run of another program of that name.
const OTHER: f64 = 1.0;
/// One of the same program.
const SAME: f64 = 3.0;
/// The same input too.
const SAME_INPUT: f64 = 8.0;

/// Ranges of agents are at most so many times as high as they are low.
pub const AGENTS_RATIO: f64 = 4.0;
/// The same of what agents consume.
pub const OTHERS_RATIO: f64 = 10.0;
/// By how much ranges go beyond what dry runs alone show.
const SLACK: f64 = 0.25;
/// The same with earlier runs.
const SLACK_KNOWN: f64 = 0.15;

/// What runs came to, dry ones and others.
pub(crate) struct Blend<'a> {
    varied: Vec<&'a Outturn>,
    extremes: Vec<&'a Outturn>,
    past: &'a [Past],
}

/// A figure of what a run came to.
type Figure = fn(&Counts) -> u64;

impl<'a> Blend<'a> {
    /// Dry runs that came to no end, and those that failed, count only where there are no others:
    /// what they would have done they did not show.
    pub(crate) fn new(dry: &'a [Dry], past: &'a [Past]) -> Self {
        let of = |lean: fn(Lean) -> bool, ended: fn(&End) -> bool| -> Vec<&'a Outturn> {
            let fits = dry.iter().filter(|dry| lean(dry.temper.lean) && ended(&dry.end));
            fits.map(|dry| &dry.outturn).collect()
        };
        let is_varied = |lean| lean == Lean::Varied;
        let well = |end: &End| matches!(end, End::Done | End::Waits);
        let stopped = |end: &End| matches!(end, End::Stopped(_));
        let any = |_: &End| true;
        let mut varied = of(is_varied, well);
        if varied.is_empty() {
            varied = of(is_varied, stopped);
        }
        if varied.is_empty() {
            varied = of(is_varied, any);
        }
        if varied.is_empty() {
            varied = of(|_| true, any);
        }
        Self { varied, extremes: of(|lean| lean != Lean::Varied, well), past }
    }

    /// The whole run, and the share of what was seen that lies outside of the range of agents.
    pub(crate) fn total(&self) -> (Figures, f64) {
        self.figures(|outturn| outturn.total, (AGENTS_RATIO, OTHERS_RATIO))
    }

    /// The phases, in the order in which they began where they were seen first.
    pub(crate) fn phases(&self) -> Vec<PhaseForecast> {
        let mut titles: Vec<&Title> = Vec::new();
        let past = self.past.iter().map(|past| &past.outturn);
        for (title, _) in self.varied.iter().copied().chain(past).flat_map(|one| &one.phases) {
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        // A branch that is not always taken has a phase without agents, which no ratio holds.
        let any = (f64::INFINITY, f64::INFINITY);
        let total = self.total().0;
        let phase = |title: &Title| {
            let (mut figures, _) = self.figures(|outturn| outturn.phase(title), any);
            // No phase has more than the whole.
            for (part, whole) in [
                (&mut figures.agents, total.agents),
                (&mut figures.input_tokens, total.input_tokens),
                (&mut figures.output_tokens, total.output_tokens),
                (&mut figures.cost_micro_usd, total.cost_micro_usd),
                (&mut figures.wall_ms, total.wall_ms),
            ] {
                part.high = part.high.min(whole.high).max(part.likely);
            }
            PhaseForecast { title: title.clone(), figures }
        };
        titles.into_iter().map(phase).collect()
    }

    fn figures(
        &self,
        of: impl Fn(&Outturn) -> Counts,
        (ratio, of_others): (f64, f64),
    ) -> (Figures, f64) {
        let (agents, outside) = self.agents(&of, ratio);
        let others = |figure: Figure| self.others(&of, figure, of_others);
        let figures = Figures {
            agents,
            input_tokens: others(|counts| counts.input_tokens),
            output_tokens: others(|counts| counts.output_tokens),
            cost_micro_usd: others(|counts| counts.cost_micro_usd),
            wall_ms: others(|counts| counts.wall_ms),
        };
        (figures, outside)
    }

    fn agents(&self, of: &impl Fn(&Outturn) -> Counts, ratio: f64) -> (Range, f64) {
        let all = self.varied.iter().chain(&self.extremes);
        let mut all = all.map(|outturn| of(outturn).agents);
        let first = all.next();
        // Where no answer changes anything, other inputs and older programs tell nothing.
        let fixed = first.is_some() && all.all(|agents| Some(agents) == first);
        let past = self.past.iter().filter(|past| !fixed || (past.same_program && past.same_input));
        let past: Vec<&Past> = past.collect();
        let slack = if past.is_empty() { SLACK } else { SLACK_KNOWN };
        let width = Width { slack, ratio };
        let (mut range, outside) = band(&self.seen(&past, of, |counts| counts.agents), width);
        if range.low == range.high && !fixed {
            // The extremes show that answers can change it, though none by chance did.
            let likely = range.likely;
            let least = less(likely, slack).min(likely.saturating_sub(1));
            for end in self.extremes.iter().map(|outturn| of(outturn).agents) {
                range.low = range.low.min(end.max(least));
                range.high = range.high.max(end.min(more(likely, slack)));
            }
        }
        (range, outside)
    }

    fn others(&self, of: &impl Fn(&Outturn) -> Counts, figure: Figure, ratio: f64) -> Range {
        let past: Vec<&Past> = self.past.iter().collect();
        let slack = if past.is_empty() { SLACK } else { SLACK_KNOWN };
        let width = Width { slack, ratio };
        band(&self.seen(&past, of, figure), width).0
    }

    fn seen(&self, past: &[&Past], of: &impl Fn(&Outturn) -> Counts, figure: Figure) -> Vec<Seen> {
        let each = DRY / (self.varied.len().max(1) as f64);
        let dry = self.varied.iter().map(|outturn| (*outturn, each));
        let past = past.iter().map(|past| {
            let weight = match (past.same_program, past.same_input) {
                (true, true) => SAME_INPUT,
                (true, false) => SAME,
                (false, _) => OTHER,
            };
            (&past.outturn, weight)
        });
        let all = dry.chain(past);
        all.map(|(outturn, weight)| Seen { value: figure(&of(outturn)), weight }).collect()
    }

    /// How many agents the dry runs had that found as little, and as much, as can be.
    pub(crate) fn extremes(&self) -> Option<(u64, u64)> {
        let agents = self.extremes.iter().map(|outturn| outturn.total.agents);
        let all = self.varied.iter().map(|outturn| outturn.total.agents).chain(agents);
        let all: Vec<u64> = all.collect();
        Some((*all.iter().min()?, *all.iter().max()?))
    }
}

#[cfg(test)]
mod tests;
