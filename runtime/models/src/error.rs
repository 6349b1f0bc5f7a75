//! How a request fails, as far as it decides what happens next.

use baton_core::model::TokenUsage;

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// A stable code in kebab-case, such as `rate-limited`, `truncated` or `tls`.
    pub code: &'static str,
    /// One sentence for a person, without keys.
    pub message: String,
    /// Not before so many milliseconds.
    pub after_ms: Option<u64>,
    /// What the provider may have charged for; none: the request cannot have been served.
    pub usage: Option<TokenUsage>,
    /// What had been said when it broke, as evidence; never an answer.
    pub partial: String,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// Another attempt may succeed.
    Retryable,
    /// Another attempt would fail the same way.
    Permanent,
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
    /// Nobody wants the answer any more.
    Cancelled,
}
