//! Items through stages without a barrier between the stages.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;

use super::join::join_all;
use super::limit::Limit;

type Step<'a, A, T, E> = Rc<dyn Fn(A) -> Stepped<'a, T, E> + 'a>;
type Stepped<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + 'a>>;

/// Begins a pipeline over `items`.
///
/// Each item goes through all stages by itself: it enters the second as soon as it has left the
/// first, wherever the others are. An item that fails in a stage does not enter the next.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx, paths: Vec<String>) -> Result<()> {
/// let reviewed: Vec<Result<String, TaskError>> = pipeline(paths)
///     .stage(|path| cx.agent(format!("Summarise {path}.")).label(path))
///     .stage(|summary| cx.agent(format!("Shorten this: {summary}")))
///     .run()
///     .await;
/// # Ok(()) }
/// ```
pub fn pipeline<'a, A, E>(items: impl IntoIterator<Item = A>) -> Pipeline<'a, A, A, E>
where
    A: 'a,
    E: 'a,
{
    Pipeline {
        items: items.into_iter().collect(),
        step: Rc::new(|item| Box::pin(std::future::ready(Ok(item)))),
        limit: None,
    }
}

/// Items and the stages they go through; made by [`pipeline`].
#[must_use = "a pipeline does nothing unless it is run"]
pub struct Pipeline<'a, A, T, E> {
    items: Vec<A>,
    step: Step<'a, A, T, E>,
    limit: Option<Limit>,
}

impl<'a, A: 'a, T: 'a, E: 'a> Pipeline<'a, A, T, E> {
    /// Adds a stage.
    pub fn stage<U, C>(self, stage: impl Fn(T) -> C + 'a) -> Pipeline<'a, A, U, E>
    where
        U: 'a,
        C: IntoFuture<Output = Result<U, E>> + 'a,
    {
        let (before, stage) = (self.step, Rc::new(stage));
        let step: Step<'a, A, U, E> = Rc::new(move |item| {
            let (before, stage) = (before(item), Rc::clone(&stage));
            Box::pin(async move { stage(before.await?).await })
        });
        Pipeline { items: self.items, step, limit: self.limit }
    }

    /// At most so many items are on their way at once.
    pub fn at_once(mut self, items: usize) -> Self {
        self.limit = Some(Limit::new(items));
        self
    }

    /// Sends all items through and brings their ends in the order of the items.
    pub async fn run(self) -> Vec<Result<T, E>> {
        let Self { items, step, limit } = self;
        let limit = limit.unwrap_or_else(|| Limit::new(usize::MAX));
        join_all(items.into_iter().map(|item| limit.run(step(item)))).await
    }
}
