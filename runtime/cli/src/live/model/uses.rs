//! Tools that an agent uses of its own: coding agents tell of them while they work, and of nothing of that
//! there is a record.

use std::collections::VecDeque;

use crate::text::one_line;

/// Uses that are kept, the newest ones.
const USES_MAX: usize = 200;

/// The tools of its own that an agent was seen to use, in order.
#[derive(Debug, Default)]
pub struct Uses {
    kept: VecDeque<Use>,
    /// Earlier ones that are no longer kept.
    pub cut: u64,
}

/// A tool, and how many times in a row it was used.
#[derive(Debug, PartialEq, Eq)]
pub struct Use {
    /// What the agent calls it; untrusted.
    pub name: String,
    /// How many times.
    pub times: u64,
}

impl Uses {
    /// All that are kept.
    pub fn kept(&self) -> impl Iterator<Item = &Use> {
        self.kept.iter()
    }

    /// Whether none was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn add(&mut self, name: &str) {
        let name = one_line(name);
        if let Some(last) = self.kept.back_mut().filter(|last| last.name == name) {
            last.times += 1;
            return;
        }
        self.kept.push_back(Use { name, times: 1 });
        if self.kept.len() > USES_MAX {
            self.cut += self.kept.pop_front().map_or(0, |first| first.times);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_repeats_are_counted() {
        let mut uses = Uses::default();
        assert!(uses.is_empty());
        for name in ["Read", "Read", "Bash\x1b[31m", "Read"] {
            uses.add(name);
        }
        let all: Vec<(&str, u64)> = uses.kept().map(|one| (one.name.as_str(), one.times)).collect();
        assert_eq!(all, [("Read", 2), ("Bash[31m", 1), ("Read", 1)]);
        for number in 0..USES_MAX - 1 {
            uses.add(&number.to_string());
        }
        assert_eq!((uses.kept().count(), uses.cut), (USES_MAX, 3));
    }
}
