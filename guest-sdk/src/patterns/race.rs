//! Taking the first and cancelling the rest.

use std::future::IntoFuture;

use super::children::Children;

/// Runs all calls together and brings the number and output of the first that ends, well or not.
/// The others are cancelled. None if there is no call.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let models = ["small", "large"];
/// let calls = models.map(|model| cx.agent("Answer quickly.").model(model));
/// if let Some((index, answer)) = race(calls).await {
///     log!(cx, "{} was first", models[index]);
///     let text = answer?;
/// }
/// # Ok(()) }
/// ```
pub async fn race<I>(calls: I) -> Option<(usize, <I::Item as IntoFuture>::Output)>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    Children::of(calls).next().await
}

/// Runs all calls together and brings the number and value of the first that succeeds. The others
/// are cancelled.
///
/// # Errors
/// All errors, in the order of the calls, when none succeeds; empty if there is no call.
pub async fn race_ok<I, T, E>(calls: I) -> Result<(usize, T), Vec<E>>
where
    I: IntoIterator,
    I::Item: IntoFuture<Output = Result<T, E>>,
{
    let mut children = Children::of(calls);
    let mut errors: Vec<_> = (0..children.len()).map(|_| None).collect();
    while let Some((child, output)) = children.next().await {
        match output {
            Ok(value) => return Ok((child, value)),
            Err(error) => {
                if let Some(slot) = errors.get_mut(child) {
                    *slot = Some(error);
                }
            }
        }
    }
    Err(errors.into_iter().flatten().collect())
}
