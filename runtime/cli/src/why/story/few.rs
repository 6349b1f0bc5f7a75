//! Things with the records that tell them, of which there may be any number.

use baton_core::ids::Timestamp;

/// Things of one kind that are kept of one task; further ones are counted.
const KEPT_MAX: usize = 64;

/// Something with the number of the record that tells it, and when that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted<T> {
    /// Number of the record.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it tells.
    pub it: T,
}

/// The first few of many things, and how many more there were.
#[derive(Clone, Debug)]
pub struct Few<T> {
    /// Those that are kept.
    pub kept: Vec<Noted<T>>,
    /// How many are not.
    pub more: u64,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), more: 0 }
    }
}

impl<T> Few<T> {
    pub(super) fn add(&mut self, noted: Noted<T>) {
        if self.kept.len() < KEPT_MAX {
            self.kept.push(noted);
        } else {
            self.more += 1;
        }
    }
}
