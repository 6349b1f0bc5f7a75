//! Two kinds of limit on spending: the script's budget and the operator's caps.
//!
//! A *budget* belongs to a workflow: it sees it, and at its end further spawns are refused. It is
//! computed from what was delivered to that workflow, so a replay refuses the same spawns. A *cap*
//! belongs to the operator: a task that does not fit waits, and when nothing is in flight the run
//! is paused. Caps deliver nothing to the guest, so raising one never rewrites history.

use serde::{Deserialize, Serialize};

use crate::handoff::Usage;

/// Amounts that can be granted; none means without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// Agents, those of children included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Output tokens alone: what the budget of a script counts. Not held back for children: each
    /// may spend what was left when it began, so those at work together can overshoot together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
}

impl Amounts {
    /// What is left of this grant after `usage`, never below zero.
    #[must_use]
    pub fn left(&self, usage: &Usage) -> Self {
        let left = |granted: Option<u64>, spent: u64| granted.map(|all| all.saturating_sub(spent));
        Self {
            agents: left(self.agents, usage.agents),
            tokens: left(self.tokens, usage.tokens()),
            output_tokens: left(self.output_tokens, usage.output_tokens),
            cost_micro_usd: left(self.cost_micro_usd, usage.cost_micro_usd),
        }
    }

    /// The smaller of both in every amount.
    #[must_use]
    pub fn min(&self, other: &Self) -> Self {
        let min = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            agents: min(self.agents, other.agents),
            tokens: min(self.tokens, other.tokens),
            output_tokens: min(self.output_tokens, other.output_tokens),
            cost_micro_usd: min(self.cost_micro_usd, other.cost_micro_usd),
        }
    }

    /// The first amount that is used up, by name.
    #[must_use]
    pub fn exhausted(&self) -> Option<&'static str> {
        [
            ("agents", self.agents),
            ("tokens", self.tokens),
            ("output tokens", self.output_tokens),
            ("cost", self.cost_micro_usd),
        ]
        .into_iter()
        .find_map(|(name, left)| (left == Some(0)).then_some(name))
    }
}

/// What open children hold of a workflow's budget. Wider than any amount, so that giving back is
/// exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    agents: u128,
    tokens: u128,
    cost_micro_usd: u128,
}

impl Held {
    pub(crate) fn take(&mut self, budget: &Amounts) {
        self.change(budget, u128::saturating_add);
    }

    pub(crate) fn give_back(&mut self, budget: &Amounts) {
        self.change(budget, u128::saturating_sub);
    }

    fn change(&mut self, budget: &Amounts, by: impl Fn(u128, u128) -> u128) {
        for (mine, amount) in [
            (&mut self.agents, budget.agents),
            (&mut self.tokens, budget.tokens),
            (&mut self.cost_micro_usd, budget.cost_micro_usd),
        ] {
            *mine = by(*mine, amount.unwrap_or(0).into());
        }
    }

    /// What is left of `budget` after `spent` and what is held.
    pub(crate) fn left_of(&self, budget: &Amounts, spent: &Usage) -> Amounts {
        let left = |granted: Option<u64>, held: u128| {
            granted.map(|left| left.saturating_sub(u64::try_from(held).unwrap_or(u64::MAX)))
        };
        let unspent = budget.left(spent);
        Amounts {
            agents: left(unspent.agents, self.agents),
            tokens: left(unspent.tokens, self.tokens),
            // Scripts share one pool: a child may use all of it and keeps nobody from it meanwhile.
            output_tokens: unspent.output_tokens,
            cost_micro_usd: left(unspent.cost_micro_usd, self.cost_micro_usd),
        }
    }
}

/// What the operator lets a run consume. None means without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Agents that may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// Milliseconds of wall time since the run was started or last resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

impl Caps {
    /// These caps with those of `newer` that are given in their place.
    #[must_use]
    pub fn updated(&self, newer: &Self) -> Self {
        Self {
            agents: newer.agents.or(self.agents),
            tokens: newer.tokens.or(self.tokens),
            cost_micro_usd: newer.cost_micro_usd.or(self.cost_micro_usd),
            wall_ms: newer.wall_ms.or(self.wall_ms),
        }
    }

    /// The cap that forbids one more agent after `settled` was consumed and `reserved` agents are
    /// at work, by name.
    #[must_use]
    pub fn forbids_start(&self, settled: &Usage, reserved: u64) -> Option<&'static str> {
        let agents = settled.agents.saturating_add(reserved);
        if self.agents.is_some_and(|cap| agents >= cap) {
            return Some("agents");
        }
        if self.tokens.is_some_and(|cap| settled.tokens() >= cap) {
            return Some("tokens");
        }
        if self.cost_micro_usd.is_some_and(|cap| settled.cost_micro_usd >= cap) {
            return Some("cost");
        }
        None
    }
}
