//! The workflow's own budget.

use std::rc::Rc;

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
