//! Budgets and money as they are written in options.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::budget::Amounts;

/// A budget as it is written in options: money in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetOption {
    /// Agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Output tokens alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Takes an object, and not the list that serde takes for a struct too.
pub(super) fn object_or_null<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<BudgetOption>, D::Error> {
    let Some(map) = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(from)? else {
        return Ok(None);
    };
    BudgetOption::deserialize(serde_json::Value::Object(map)).map(Some).map_err(Error::custom)
}

// Equality of specifications is equality of their text; NaN cannot be written in JSON.
impl Eq for BudgetOption {}

impl From<BudgetOption> for Amounts {
    fn from(option: BudgetOption) -> Self {
        Self {
            agents: option.agents,
            tokens: option.tokens,
            output_tokens: option.output_tokens,
            cost_micro_usd: option.cost_usd.map(micro_usd),
        }
    }
}

/// Dollars as millionths, rounded, never below zero.
#[must_use]
pub fn micro_usd(usd: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float to integer casts saturate, and negative amounts become zero on purpose"
    )]
    let micro = (usd * 1e6).round() as u64;
    micro
}
