//! Bounding how much happens at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// At most so many calls at once, first come, first served. Clones share the same places.
///
/// The host bounds how many agents work at once anyway; this is for what must not even be spawned
/// before there is room: calls whose prompts depend on earlier ones, or thousands of large inputs.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx, paths: Vec<String>) -> Result<()> {
/// let limit = Limit::new(4);
/// let calls = paths.iter().map(|path| limit.run(cx.agent(format!("Check {path}."))));
/// let answers = try_join_all(calls).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Limit(Rc<RefCell<Places>>);

struct Places {
    free: usize,
    /// Who waits for a place, by the order of arrival.
    waiting: BTreeMap<u64, Waker>,
    arrivals: u64,
}

impl Limit {
    /// So many places; 0 counts as 1, because with none nothing could ever happen.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        let places = Places { free: at_once.max(1), waiting: BTreeMap::new(), arrivals: 0 };
        Self(Rc::new(RefCell::new(places)))
    }

    /// Runs a call as soon as there is a place for it.
    pub async fn run<C: IntoFuture>(&self, call: C) -> C::Output {
        let place = Arrival { limit: self, number: None }.await;
        let output = call.await;
        drop(place);
        output
    }

    fn wake_next(&self) {
        let places = self.0.borrow();
        let next = if places.free == 0 { None } else { places.waiting.values().next().cloned() };
        drop(places);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

/// Waits for a place.
struct Arrival<'a> {
    limit: &'a Limit,
    number: Option<u64>,
}

impl<'a> Future for Arrival<'a> {
    type Output = Place<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Place<'a>> {
        let limit = self.limit;
        let mut places = limit.0.borrow_mut();
        let number = *self.number.get_or_insert_with(|| {
            places.arrivals += 1;
            places.arrivals
        });
        let first = places.waiting.keys().next().is_none_or(|first| number <= *first);
        if places.free > 0 && first {
            places.free -= 1;
            places.waiting.remove(&number);
            drop(places);
            limit.wake_next();
            return Poll::Ready(Place { limit });
        }
        places.waiting.insert(number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        // It may have been woken for a place that it now leaves to the next.
        if self.limit.0.borrow_mut().waiting.remove(&number).is_some() {
            self.limit.wake_next();
        }
    }
}

/// A place; free again when dropped.
struct Place<'a> {
    limit: &'a Limit,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limit.0.borrow_mut().free += 1;
        self.limit.wake_next();
    }
}
