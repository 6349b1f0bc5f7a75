//! Trying again.

use std::future::IntoFuture;
use std::time::Duration;

use crate::context::Cx;
use crate::error::TaskError;

/// Makes the call up to `attempts` times, until it succeeds or fails for good (see
/// [`TaskError::is_worth_retrying`]). `call` is given the number of the attempt, from 1.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let text = retry(3, |attempt| cx.agent("Try it.").label(format!("try {attempt}"))).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// The error of the last attempt.
pub async fn retry<C, T>(attempts: u32, call: impl FnMut(u32) -> C) -> Result<T, TaskError>
where
    C: IntoFuture<Output = Result<T, TaskError>>,
{
    Retry::new(attempts).run(TaskError::is_worth_retrying, call).await
}

/// How to try again, for other errors and with pauses.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # use std::time::Duration;
/// # async fn example(cx: Cx) -> Result<()> {
/// let text = Retry::new(4)
///     .pause(&cx, Duration::from_secs(1))
///     .run(TaskError::is_worth_retrying, |_| cx.agent("Try it."))
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Retry {
    attempts: u32,
    pause: Option<(Cx, Duration)>,
}

impl Retry {
    /// So many attempts, one after the other; 0 counts as 1.
    #[must_use]
    pub fn new(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), pause: None }
    }

    /// Sleeps before the second attempt, and twice as long before each further one. A pause that
    /// the host refuses is left out.
    #[must_use]
    pub fn pause(mut self, cx: &Cx, first: Duration) -> Self {
        self.pause = Some((cx.clone(), first));
        self
    }

    /// Makes the call until it succeeds, an error is not worth another attempt, or the attempts
    /// are used up. `call` is given the number of the attempt, from 1.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn run<C, T, E>(
        self,
        worth_retrying: impl Fn(&E) -> bool,
        mut call: impl FnMut(u32) -> C,
    ) -> Result<T, E>
    where
        C: IntoFuture<Output = Result<T, E>>,
    {
        let mut attempt = 1;
        loop {
            match call(attempt).await {
                Err(error) if attempt < self.attempts && worth_retrying(&error) => {}
                end => return end,
            }
            if let Some((cx, first)) = &self.pause {
                let doublings = (attempt - 1).min(31);
                // A refused timer must not turn an error that can still be healed into another.
                let _ = cx.sleep(first.saturating_mul(1 << doublings)).await;
            }
            attempt += 1;
        }
    }
}
