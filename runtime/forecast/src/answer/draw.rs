//! Choices that follow from a seed and words, and from nothing else.

use baton_core::digest::Digest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of choices. The same seed and words give the same choices in the same order.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn of(seed: u64, words: &[&str]) -> Self {
        let mut text = seed.to_string();
        for word in words {
            // The length keeps ["ab", "c"] and ["a", "bc"] apart.
            text.push_str(&format!(":{}:{word}", word.len()));
        }
        Self(ChaCha8Rng::from_seed(*Digest::of(text.as_bytes()).bytes()))
    }

    /// A number below `bound`; 0 where there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        // The remainder favours low numbers by less than one in a billion for bounds like ours.
        usize::try_from(self.0.next_u64() % bound as u64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A number from 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what a float holds.
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in that share of the cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}
