//! What one run came to, dry or real.

use std::collections::BTreeMap;

/// What was consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Agents that were started.
    pub agents: u64,
    /// Tokens sent to models.
    pub input_tokens: u64,
    /// Tokens received from models.
    pub output_tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
    /// From the first start to the last end, in milliseconds.
    pub wall_ms: u64,
}

impl Counts {
    /// Adds all but the time, which may have passed together.
    pub(crate) fn add(&mut self, more: &Self) {
        for (mine, more) in [
            (&mut self.agents, more.agents),
            (&mut self.input_tokens, more.input_tokens),
            (&mut self.output_tokens, more.output_tokens),
            (&mut self.cost_micro_usd, more.cost_micro_usd),
        ] {
            *mine = mine.saturating_add(more);
        }
    }
}

/// The title of a phase; none: what belongs to no phase.
pub type Title = Option<String>;

/// What a run came to, as a whole and by phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outturn {
    /// The whole run.
    pub total: Counts,
    /// Its phases with agents in them, in the order in which they began.
    pub phases: Vec<(Title, Counts)>,
}

impl Outturn {
    /// Puts what agents consumed together. Of each: its phase, what it consumed, and when it began and
    /// ended in milliseconds from any moment. `wall_ms` is that of the whole.
    pub(crate) fn of(
        agents: impl IntoIterator<Item = (Title, Counts, (u64, u64))>,
        wall_ms: u64,
    ) -> Self {
        let mut total = Counts { wall_ms, ..Counts::default() };
        let mut order: Vec<Title> = Vec::new();
        let mut phases: BTreeMap<Title, (Counts, (u64, u64))> = BTreeMap::new();
        for (title, counts, (began, ended)) in agents {
            total.add(&counts);
            if !phases.contains_key(&title) {
                order.push(title.clone());
            }
            let (sum, window) = phases.entry(title).or_insert((Counts::default(), (began, ended)));
            sum.add(&counts);
            *window = (window.0.min(began), window.1.max(ended));
        }
        let take = |title: Title| {
            let (counts, (began, ended)) = phases.remove(&title)?;
            Some((title, Counts { wall_ms: ended.saturating_sub(began), ..counts }))
        };
        Self { total, phases: order.into_iter().filter_map(take).collect() }
    }

    /// What a phase came to; nothing, where the run had none of that title.
    #[must_use]
    pub fn phase(&self, title: &Title) -> Counts {
        let found = self.phases.iter().find(|(known, _)| known == title);
        found.map(|(_, counts)| *counts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_summed_and_take_the_time_from_their_first_start_to_their_last_end() {
        let one = Counts { agents: 1, output_tokens: 10, ..Counts::default() };
        let title = |title: &str| Some(title.to_owned());
        let made = Outturn::of(
            [
                (title("b"), one, (5, 20)),
                (None, one, (0, 3)),
                (title("b"), one, (10, 40)),
                (title("a"), one, (40, 41)),
            ],
            50,
        );
        assert_eq!(made.total, Counts { agents: 4, output_tokens: 40, wall_ms: 50, ..one });
        let phases: Vec<_> =
            made.phases.iter().map(|(t, c)| (t.as_deref(), c.agents, c.wall_ms)).collect();
        assert_eq!(phases, [(Some("b"), 2, 35), (None, 1, 3), (Some("a"), 1, 1)]);
        assert_eq!(made.phase(&title("none")), Counts::default());
    }
}
