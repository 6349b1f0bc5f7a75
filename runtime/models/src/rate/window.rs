//! What began within the last minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Requests of the last minute and their tokens.
#[derive(Debug)]
pub(super) struct Window {
    requests_max: usize,
    tokens_max: u64,
    tokens: u64,
    begun: VecDeque<Begun>,
    numbers: u64,
}

#[derive(Debug)]
struct Begun {
    number: u64,
    at: Instant,
    tokens: u64,
}

impl Window {
    pub(super) fn new(requests_max: usize, tokens_max: u64) -> Self {
        Self { requests_max, tokens_max, tokens: 0, begun: VecDeque::new(), numbers: 0 }
    }

    /// Takes a request in and brings its number, or says when there may be room.
    pub(super) fn admit(&mut self, now: Instant, tokens: u64) -> Result<u64, Instant> {
        while self.begun.front().is_some_and(|first| now.duration_since(first.at) >= MINUTE) {
            if let Some(first) = self.begun.pop_front() {
                self.tokens = self.tokens.saturating_sub(first.tokens);
            }
        }
        if let Some(first) = self.begun.front() {
            let fits = self.begun.len() < self.requests_max
                && self.tokens.saturating_add(tokens) <= self.tokens_max;
            if !fits {
                return Err(first.at + MINUTE);
            }
        }
        self.numbers += 1;
        // Where nothing is limited, nothing needs to be remembered.
        if self.requests_max < usize::MAX || self.tokens_max < u64::MAX {
            self.begun.push_back(Begun { number: self.numbers, at: now, tokens });
            self.tokens = self.tokens.saturating_add(tokens);
        }
        Ok(self.numbers)
    }

    /// A request had so many tokens.
    pub(super) fn correct(&mut self, number: u64, tokens: u64) {
        if let Some(begun) = self.begun.iter_mut().find(|begun| begun.number == number) {
            self.tokens = self.tokens.saturating_sub(begun.tokens).saturating_add(tokens);
            begun.tokens = tokens;
        }
    }
}
