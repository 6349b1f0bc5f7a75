//! Why a run stands still.

use serde::{Deserialize, Serialize};

use crate::budget::Short;
use crate::ids::{TaskPath, Timestamp};

/// What is wrong with a provider that serves nobody for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outage {
    /// The account has used up what it may use for now.
    Quota,
    /// The key is missing, wrong or revoked.
    Auth,
    /// The account cannot pay.
    Billing,
    /// The provider has too much to do.
    Overload,
    /// The provider cannot be reached.
    Unreachable,
}

impl Outage {
    /// The word as it is written in records and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::Overload => "overload",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether time alone can mend it. A key and a bill need a person.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Quota | Self::Overload | Self::Unreachable)
    }
}

/// Why a run stopped for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// A cap of the operator leaves room for nothing.
    Cap {
        /// Which: `agents`, `tokens`, `input-tokens`, `output-tokens`, `cached-tokens`, `cost` or
        /// `wall-time`.
        cap: String,
        /// What does not fit; none: nothing at all does any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short: Option<Box<Short>>,
    },
    /// A provider serves nobody for now, and nothing else is left to do.
    Provider {
        /// Its name.
        provider: String,
        /// What is wrong with it.
        outage: Outage,
        /// When it may serve again; none: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// What it said, for people.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// A person said so.
    Person {
        /// Who.
        by: String,
    },
    /// Nothing is left to do before a person has answered.
    Gate {
        /// The gate that was asked first of those that are open.
        task: TaskPath,
        /// Its question.
        question: String,
    },
    /// Nothing is left to do before a person sends a message.
    Message,
    /// The process that owned it was asked to end.
    Interrupted,
}
