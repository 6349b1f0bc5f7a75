//! What a failed call of a model means for the attempt.

use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Outage;
use baton_models::{ModelError, Trouble};
use serde_json::json;

use super::transcript::{CallFailed, STALLED};
use crate::backend::BackendError;
use crate::retry::RETRY_WAIT_MS_MAX;

/// Code of an error of a provider that limits the rate of requests.
const OF_THE_PROVIDER: [&str; 4] = ["rate-limited", "server-error", "reset", "truncated"];

/// Code of an error of a provider that was silent.
const SILENT: &str = "silent";

/// Characters of what had been said that stand in a failure.
const PARTIAL_CHARS: usize = 2_000;

/// What the failure of a call is called on record.
pub(super) fn recorded(error: &ModelError) -> CallFailed {
    CallFailed {
        code: if error.code == SILENT { STALLED } else { error.code }.to_owned(),
        message: error.message.clone(),
        partial: error.partial.clone(),
    }
}

/// How the attempt ends. `stalls` is how often in a row its calls were silent, this one included.
pub(super) fn judge(error: ModelError, backend: &str, stalls: u32) -> BackendError {
    let ModelError { trouble, code, message, after_ms, usage: _, partial } = error;
    let kind = if code == SILENT { FailureKind::TimedOut } else { FailureKind::Failed };
    let code = if code == SILENT { STALLED } else { code };
    let mut detail = json!({ "backend": backend });
    if let (Some(detail), false) = (detail.as_object_mut(), partial.is_empty()) {
        let partial: String = partial.chars().take(PARTIAL_CHARS).collect();
        detail.insert("partial".into(), partial.into());
    }
    let failure = Failure::new(kind, code, message).with_detail(detail);
    let outage = match trouble {
        Trouble::Cancelled => return BackendError::Cancelled,
        Trouble::Permanent => return BackendError::Permanent(failure),
        // Whoever was silent twice without a word in between is asked no third time.
        Trouble::Retryable if code == STALLED && stalls > 1 => {
            return BackendError::Permanent(failure);
        }
        // No wait that a task can hold its place for: the provider serves nobody until then.
        Trouble::Retryable if after_ms.is_some_and(|ms| ms > RETRY_WAIT_MS_MAX) => Outage::Quota,
        // What fails three times like that fails for everybody: no task is at fault.
        Trouble::Retryable if OF_THE_PROVIDER.contains(&code) => Outage::Overload,
        Trouble::Retryable => return BackendError::Retryable { failure, after_ms },
        Trouble::Quota => Outage::Quota,
        Trouble::Auth => Outage::Auth,
        Trouble::Billing => Outage::Billing,
        Trouble::Overload => Outage::Overload,
        Trouble::Unreachable => Outage::Unreachable,
    };
    BackendError::Unavailable { outage, failure, after_ms }
}
