//! Challengers who try to refute a claim.

use std::future::IntoFuture;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::join::join_all;
use crate::error::TaskError;
use crate::handoff::Evidence;

/// What one challenger says of a claim. Fit for [`AgentCall::schema`](crate::AgentCall::schema).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether the claim is refuted.
    pub refuted: bool,
    /// Why, in one or two sentences.
    pub reason: String,
    /// What the verdict rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// What the verdicts come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// More challengers failed to refute the claim than refuted it.
    Holds,
    /// More challengers refuted the claim than failed to.
    Refuted,
    /// As many on either side, or no verdict at all.
    Undecided,
}

/// The verdicts of all challengers.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// One per challenger, in their order. A challenger that failed has no voice.
    pub verdicts: Vec<Result<Verdict, TaskError>>,
}

impl Verification {
    /// How many verdicts refute the claim.
    #[must_use]
    pub fn refutations(&self) -> usize {
        self.verdicts.iter().flatten().filter(|verdict| verdict.refuted).count()
    }

    /// How many verdicts let the claim stand.
    #[must_use]
    pub fn confirmations(&self) -> usize {
        self.verdicts.iter().flatten().filter(|verdict| !verdict.refuted).count()
    }

    /// What the majority of those who gave a verdict says.
    #[must_use]
    pub fn ruling(&self) -> Ruling {
        match self.confirmations().cmp(&self.refutations()) {
            std::cmp::Ordering::Greater => Ruling::Holds,
            std::cmp::Ordering::Less => Ruling::Refuted,
            std::cmp::Ordering::Equal => Ruling::Undecided,
        }
    }

    /// Whether the majority lets the claim stand.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.ruling() == Ruling::Holds
    }
}

/// Sets `challengers` agents on one claim, all at once, each of whom tries to refute it.
/// `challenge` is given the number of the challenger, from 0.
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx, claim: String) -> Result<()> {
/// let verification = verify(3, |_| {
///     cx.agent(format!("Try to refute: {claim}")).schema::<Verdict>()
/// })
/// .await;
/// if verification.holds() {
///     log!(cx, "{claim}");
/// }
/// # Ok(()) }
/// ```
pub async fn verify<C>(challengers: u32, challenge: impl FnMut(u32) -> C) -> Verification
where
    C: IntoFuture<Output = Result<Verdict, TaskError>>,
{
    Verification { verdicts: join_all((0..challengers).map(challenge)).await }
}
