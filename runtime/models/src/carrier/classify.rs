//! What a failure means: from a status and a body, an event in a stream, or a broken connection.

use std::time::SystemTime;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::told::Told;
use super::wait;
use crate::error::{ModelError, Trouble};

/// Longer than that nobody waits in line: the run pauses until then.
const WAIT_MAX_MS: u64 = 10 * 60 * 1_000;

/// An error without anything that only the caller knows.
pub(crate) fn error(
    trouble: Trouble,
    code: &'static str,
    message: impl Into<String>,
) -> ModelError {
    ModelError {
        trouble,
        code,
        message: message.into(),
        after_ms: None,
        usage: None,
        partial: String::new(),
    }
}

/// An answer that is not what its protocol says.
pub(crate) fn malformed(what: &str) -> ModelError {
    error(Trouble::Retryable, "malformed", format!("The provider's answer cannot be read: {what}."))
}

/// What surrounded a refused request.
pub(super) struct Refused<'a> {
    pub provider: &'a str,
    pub model: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// Bytes of the request's body.
    pub sent: usize,
    pub now: SystemTime,
}

/// An answer with a status other than success.
pub(super) fn refused(refused: &Refused<'_>) -> ModelError {
    let Refused { provider, model, status, headers, sent, .. } = *refused;
    let told = Told::of_body(refused.body);
    let says = format!("{provider} answered {status}{}", told.quoted());
    let after = wait::after_ms(headers, refused.now).or(told.after_ms);
    let of = |trouble, code| ModelError { after_ms: after, ..error(trouble, code, says.clone()) };
    match status {
        300..400 => error(
            Trouble::Permanent,
            "redirect",
            format!("{provider} answered {status}, a redirection, which is not followed."),
        ),
        _ if status == 402 || told.billing() => of(Trouble::Billing, "billing"),
        // Words about keys may repeat parts of them.
        401 | 403 => auth(provider, status),
        400 if told.says(&["api key not valid", "api_key_invalid"]) => auth(provider, status),
        400 | 429 if told.quota() => ModelError {
            after_ms: wait::regained(&told.words, refused.now).or(after),
            ..of(Trouble::Quota, "quota")
        },
        429 => limited(of(Trouble::Retryable, "rate-limited")),
        _ if matches!(status, 503 | 529) || (status >= 500 && told.overloaded()) => {
            of(Trouble::Overload, "overloaded")
        }
        408 | 409 | 425 | 500.. => of(Trouble::Retryable, "server-error"),
        413 => error(
            Trouble::Permanent,
            "too-large",
            format!("{provider} answered 413: a request of {sent} bytes is too large for it."),
        ),
        _ if told.too_long() => error(Trouble::Permanent, "context-too-long", says),
        404 if told.words.is_empty() => error(
            Trouble::Permanent,
            "not-found",
            format!(
                "{provider} answered 404: nothing is served at its address; is its base URL right?"
            ),
        ),
        _ if told.is(&["model_not_found"]) || (status == 404 && told.says(&["model"])) => {
            let says = format!("{provider} does not know the model {model}{}", told.quoted());
            error(Trouble::Permanent, "unknown-model", says)
        }
        _ => error(Trouble::Permanent, "bad-request", says),
    }
}

/// An error event within an answer that began well.
pub(super) fn told(event: &Value) -> ModelError {
    let told = Told::of(event);
    let says = format!("The provider broke off its answer{}", told.quoted());
    let of = |trouble, code| ModelError {
        after_ms: told.after_ms,
        ..error(trouble, code, says.clone())
    };
    if told.billing() {
        of(Trouble::Billing, "billing")
    } else if told.is(&["authentication", "permission"]) {
        error(Trouble::Auth, "auth", "The provider refused the key within its answer.")
    } else if told.quota() {
        of(Trouble::Quota, "quota")
    } else if told.is(&["rate_limit", "resource_exhausted", "429"]) {
        limited(of(Trouble::Retryable, "rate-limited"))
    } else if told.overloaded() || told.is(&["503", "529"]) {
        of(Trouble::Overload, "overloaded")
    } else if told.too_long() {
        of(Trouble::Permanent, "context-too-long")
    } else if told.is(&["invalid_request", "invalid_argument"]) {
        of(Trouble::Permanent, "bad-request")
    } else {
        of(Trouble::Retryable, "stream-error")
    }
}

/// A request that got no answer.
pub(super) fn unsent(provider: &str, failure: &reqwest::Error) -> ModelError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(failure);
    let mut lookup = false;
    while let Some(error_here) = cause {
        if tls(error_here) {
            let message = format!("The connection to {provider} cannot be trusted: {error_here}.");
            return error(Trouble::Permanent, "tls", message);
        }
        lookup |= error_here.to_string().contains("dns error");
        cause = error_here.source();
    }
    if lookup {
        let message = format!("The name of {provider}'s host does not resolve.");
        error(Trouble::Unreachable, "unresolved", message)
    } else if failure.is_connect() {
        let message = format!("{provider} takes no connection.");
        error(Trouble::Unreachable, "unreachable", message)
    } else if failure.is_builder() {
        let message = format!("{provider}'s base URL is no address of a server.");
        error(Trouble::Permanent, "bad-request", message)
    } else {
        let message = format!("{provider} closed the connection before it answered.");
        error(Trouble::Retryable, "reset", message)
    }
}

/// Errors of TLS hide in errors of input and output, which hide in each other.
fn tls(failure: &(dyn std::error::Error + 'static)) -> bool {
    let mut inner = failure.downcast_ref::<std::io::Error>();
    while let Some(error) = inner {
        let Some(held) = error.get_ref() else { return false };
        if held.is::<rustls::Error>() {
            return true;
        }
        inner = held.downcast_ref::<std::io::Error>();
    }
    failure.is::<rustls::Error>()
}

fn auth(provider: &str, status: u16) -> ModelError {
    error(
        Trouble::Auth,
        "auth",
        format!("{provider} answered {status}: it does not accept the key."),
    )
}

/// A limit of a rate; one that lasts is a quota.
fn limited(error: ModelError) -> ModelError {
    if error.after_ms.is_some_and(|after| after > WAIT_MAX_MS) {
        return ModelError { trouble: Trouble::Quota, code: "quota", ..error };
    }
    error
}

#[cfg(test)]
mod tests;
