//! Two kinds of limit on spending: the script's budget and the operator's caps.
//!
//! A *budget* belongs to a workflow: it sees it, and at its end further spawns are refused. It is
//! computed from what was delivered to that workflow, so a replay refuses the same spawns. A *cap*
//! belongs to the operator: a task that does not fit waits, and when nothing is in flight the run
//! is paused. Caps deliver nothing to the guest, so raising one never rewrites history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::handoff::Usage;
use crate::ids::TaskPath;

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// What the run as a whole may consume.
    #[serde(flatten)]
    pub run: Cap,
    /// What the tasks of a phase may consume together, by the title of the phase. A wall time is
    /// counted from the first start of an agent in the phase.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, Cap>,
    /// What each agent may consume. Its `agents` and wall time mean nothing: it is one, and its time
    /// is a limit of its attempts.
    #[serde(skip_serializing_if = "Cap::is_none")]
    pub task: Cap,
}

/// Amounts that are not passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cap {
    /// Agents that may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Tokens sent, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Tokens sent that came from a provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// Milliseconds of wall time; of a run: since it was started or last resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

/// What a cap leaves no room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Short {
    /// The phase whose cap it is, if it is one of a phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The task whose cap it is, if it is one of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskPath>,
    /// The cap: agents, tokens, millionths of a US dollar or milliseconds, as its name says.
    pub cap: u64,
    /// What was consumed of it.
    pub spent: u64,
    /// The most that the next call may consume.
    pub needs: u64,
}

impl Cap {
    /// Whether it limits nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// These amounts as a usage, and no less than `usage`. Input and output that are not told apart
    /// count as input.
    #[must_use]
    pub(crate) fn at_least(&self, usage: &Usage) -> Usage {
        let output = self.output_tokens.unwrap_or_default();
        let input = self.tokens.map_or(0, |tokens| tokens.saturating_sub(output));
        let input = input.max(self.input_tokens.unwrap_or_default());
        Usage {
            input_tokens: usage.input_tokens.max(input),
            output_tokens: usage.output_tokens.max(output),
            cached_tokens: usage.cached_tokens.max(self.cached_tokens.unwrap_or_default()),
            cost_micro_usd: usage.cost_micro_usd.max(self.cost_micro_usd.unwrap_or_default()),
            ..Usage::default()
        }
    }

    /// This cap with what is given of `newer` in its place.
    #[must_use]
    pub fn updated(&self, newer: &Self) -> Self {
        Self {
            agents: newer.agents.or(self.agents),
            tokens: newer.tokens.or(self.tokens),
            input_tokens: newer.input_tokens.or(self.input_tokens),
            output_tokens: newer.output_tokens.or(self.output_tokens),
            cached_tokens: newer.cached_tokens.or(self.cached_tokens),
            cost_micro_usd: newer.cost_micro_usd.or(self.cost_micro_usd),
            wall_ms: newer.wall_ms.or(self.wall_ms),
        }
    }

    /// The first amount that `needs` more does not fit into after `spent`: its name, the cap, what
    /// was spent of it and what is needed. Where nothing is needed, an amount that is used up: even
    /// the smallest call would pass it. Wall time is not looked at.
    #[must_use]
    pub fn lacks(&self, spent: &Usage, needs: &Usage) -> Option<(&'static str, u64, u64, u64)> {
        [
            ("agents", self.agents, spent.agents, needs.agents),
            ("tokens", self.tokens, spent.tokens(), needs.tokens()),
            ("input-tokens", self.input_tokens, spent.input_tokens, needs.input_tokens),
            ("output-tokens", self.output_tokens, spent.output_tokens, needs.output_tokens),
            ("cached-tokens", self.cached_tokens, spent.cached_tokens, needs.cached_tokens),
            ("cost", self.cost_micro_usd, spent.cost_micro_usd, needs.cost_micro_usd),
        ]
        .into_iter()
        .find_map(|(name, cap, spent, needs)| {
            let cap = cap?;
            let passed = spent.saturating_add(needs) > cap || (needs == 0 && spent >= cap);
            passed.then_some((name, cap, spent, needs))
        })
    }
}

impl Caps {
    /// Caps of a run alone.
    #[must_use]
    pub fn of_run(run: Cap) -> Self {
        Self { run, ..Self::default() }
    }

    /// These caps with what is given of `newer` in its place.
    #[must_use]
    pub fn updated(&self, newer: &Self) -> Self {
        let mut phases = self.phases.clone();
        for (phase, cap) in &newer.phases {
            let own = phases.entry(phase.clone()).or_default();
            *own = own.updated(cap);
        }
        Self { run: self.run.updated(&newer.run), phases, task: self.task.updated(&newer.task) }
    }
}
