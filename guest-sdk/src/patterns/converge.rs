//! Repeating until nothing new is found.

use std::collections::BTreeSet;
use std::future::IntoFuture;

/// What [`converge`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converged<T> {
    /// Everything that was found, each once, in the order in which it was found.
    pub items: Vec<T>,
    /// Rounds that were made.
    pub rounds: u32,
    /// Whether the last round brought nothing new; false when the rounds were used up before.
    pub complete: bool,
}

/// Makes rounds until one brings nothing new, at most `rounds` of them. `round` is given the
/// number of the round, from 1, and what is known so far.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let bugs = converge(5, |_, known: &[String]| {
///     cx.agent("Find bugs that are not in the list.").input(known).schema::<Vec<String>>()
/// })
/// .await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// The error of the round that failed; what was found before is lost with it.
pub async fn converge<T, E, C>(
    rounds: u32,
    mut round: impl FnMut(u32, &[T]) -> C,
) -> Result<Converged<T>, E>
where
    T: Ord + Clone,
    C: IntoFuture<Output = Result<Vec<T>, E>>,
{
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for number in 1..=rounds {
        let before = items.len();
        for item in round(number, &items).await? {
            if seen.insert(item.clone()) {
                items.push(item);
            }
        }
        if items.len() == before {
            return Ok(Converged { items, rounds: number, complete: true });
        }
    }
    Ok(Converged { items, rounds, complete: false })
}
