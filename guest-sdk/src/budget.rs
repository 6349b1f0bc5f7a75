//! The workflow's own budget.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::host::BudgetHost;

/// Amounts; none means without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Agents started, children of children included.
    pub agents: Option<u64>,
    /// Input and output tokens together.
    pub tokens: Option<u64>,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: Option<u64>,
}

impl Amounts {
    /// The amounts as an option takes them: money in dollars, and nothing that is without a limit.
    pub(crate) fn options(&self) -> Value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "amounts below nine billion dollars are exact"
        )]
        let dollars = self.cost_micro_usd.map(|micro| json!(micro as f64 / 1e6));
        let amounts = [
            ("agents", self.agents.map(Value::from)),
            ("tokens", self.tokens.map(Value::from)),
            ("cost_usd", dollars),
        ];
        let given = amounts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Value::Object(Map::from_iter(given))
    }
}

/// What the workflow may spend, as of the last delivered completion. The operator's caps are not
/// visible here.
#[derive(Clone)]
pub struct Budget {
    host: Rc<dyn BudgetHost>,
}

impl Budget {
    pub(crate) fn new(host: Rc<dyn BudgetHost>) -> Self {
        Self { host }
    }

    /// What was granted at the start.
    #[must_use]
    pub fn granted(&self) -> Amounts {
        self.host.granted()
    }

    /// What delivered completions have consumed; every amount is present.
    #[must_use]
    pub fn spent(&self) -> Amounts {
        self.host.spent()
    }

    /// What is left: granted less spent, never below zero.
    #[must_use]
    pub fn left(&self) -> Amounts {
        self.host.left()
    }
}
