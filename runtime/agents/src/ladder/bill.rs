//! What the turns on record say of the steps of a ladder.

use std::sync::Arc;

use baton_core::handoff::Usage;
use baton_core::model::{Price, TokenUsage};

use crate::model::transcript::TurnContent;

/// Turns that can be read. One that cannot ends the attempt with words where it is needed.
fn read(turns: &[Arc<[u8]>]) -> impl DoubleEndedIterator<Item = TurnContent> {
    turns.iter().filter_map(|turn| TurnContent::parse(turn).ok())
}

/// The step that the last turn belongs to, or whose challenger it belongs to.
pub(super) fn reached(turns: &[Arc<[u8]>], rungs: usize) -> usize {
    let last = read(turns).next_back();
    let rung = last.and_then(|turn| usize::try_from(turn.rung).ok()).unwrap_or_default();
    let step = rung.checked_sub(rungs).unwrap_or(rung);
    step.min(rungs.saturating_sub(1))
}

/// What was saved: the tokens of the step that passed at the price of the last one, less what
/// everything cost. `claimed` is what backends said that no turn is on record of. Nothing where no
/// price is known.
pub(super) fn saved(
    turns: &[Arc<[u8]>],
    passed: usize,
    top: Option<&Price>,
    claimed: &Usage,
) -> i64 {
    let Some(top) = top else { return 0 };
    let mut tokens = TokenUsage::default();
    let mut spent = claimed.cost_micro_usd;
    for turn in read(turns) {
        spent = spent.saturating_add(turn.cost_micro_usd);
        if usize::try_from(turn.rung) == Ok(passed) {
            tokens.input = tokens.input.saturating_add(turn.usage.input);
            tokens.output = tokens.output.saturating_add(turn.usage.output);
            tokens.cached = tokens.cached.saturating_add(turn.usage.cached);
            tokens.cache_written = tokens.cache_written.saturating_add(turn.usage.cache_written);
        }
    }
    let alone = i64::try_from(top.of(&tokens)).unwrap_or(i64::MAX);
    alone.saturating_sub(i64::try_from(spent).unwrap_or(i64::MAX))
}
