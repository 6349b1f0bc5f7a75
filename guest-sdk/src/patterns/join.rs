//! Waiting for all.

use std::future::IntoFuture;

use super::children::Children;

/// Runs all calls together and brings their outputs in the order of the calls.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let answers = join_all(["a", "b"].map(|name| cx.agent(name).label(name))).await;
/// let good: Vec<String> = answers.into_iter().flatten().collect();
/// # Ok(()) }
/// ```
pub async fn join_all<I>(calls: I) -> Vec<<I::Item as IntoFuture>::Output>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let mut children = Children::of(calls);
    let mut outputs: Vec<_> = (0..children.len()).map(|_| None).collect();
    while let Some((child, output)) = children.next().await {
        if let Some(slot) = outputs.get_mut(child) {
            *slot = Some(output);
        }
    }
    outputs.into_iter().flatten().collect()
}

/// Runs all calls together and brings their values in the order of the calls. At the first error
/// the calls that have not ended are cancelled.
///
/// # Errors
/// The first error in time.
pub async fn try_join_all<I, T, E>(calls: I) -> Result<Vec<T>, E>
where
    I: IntoIterator,
    I::Item: IntoFuture<Output = Result<T, E>>,
{
    let mut children = Children::of(calls);
    let mut values: Vec<_> = (0..children.len()).map(|_| None).collect();
    while let Some((child, output)) = children.next().await {
        if let Some(slot) = values.get_mut(child) {
            *slot = Some(output?);
        }
    }
    Ok(values.into_iter().flatten().collect())
}
