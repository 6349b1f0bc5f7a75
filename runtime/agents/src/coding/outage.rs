//! What agents say when their provider serves nobody.

use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Outage;

use super::answer::cut;
use crate::backend::BackendError;

/// Bytes quoted of what an agent said.
const QUOTE_BYTES: u64 = 1_000;

/// Milliseconds of a second, minute, hour and day.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("millisecond", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("second", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("minute", 60_000),
    ("h", 3_600_000),
    ("hour", 3_600_000),
    ("d", 86_400_000),
    ("day", 86_400_000),
];

/// Words before a time after which something is served again.
const BEFORE_WAIT: &[&str] =
    &["retry after ", "retry in ", "try again in ", "reset after ", "resets in "];

/// Longest wait that is believed.
const WAIT_MS_MAX: u64 = 31 * 86_400_000;

/// Words of outages, all in small letters; the first that is found counts. Billing stands before
/// quota: an account without money is told about its quota as well.
const SIGNS: &[(Outage, &[&str])] = &[
    (
        Outage::Billing,
        &[
            "credit balance",
            "billing",
            "payment required",
            "insufficient_quota",
            "insufficient quota",
            "out of credits",
            "purchase more credits",
        ],
    ),
    (
        Outage::Auth,
        &[
            "invalid api key",
            "invalid x-api-key",
            "api key not valid",
            "incorrect api key",
            "invalid_api_key",
            "authentication_error",
            "authentication_failed",
            "authentication required",
            "failed to authenticate",
            "not logged in",
            "please log in",
            "please run /login",
            "unauthorized",
            "oauth token",
            "missing environment variable",
            "must specify the gemini_api_key",
            "set an auth method",
            "permission_error",
        ],
    ),
    (
        Outage::Quota,
        &[
            "usage limit",
            "session limit",
            "weekly limit",
            "limit reached",
            "quota",
            "rate limit",
            "rate_limit",
            "too many requests",
            "resource_exhausted",
            "hit your limit",
            "you've hit",
        ],
    ),
    (
        Outage::Overload,
        &[
            "overloaded",
            "server is busy",
            "service unavailable",
            "at capacity",
            "unavailable_error",
        ],
    ),
    (
        Outage::Unreachable,
        &[
            "connection refused",
            "econnrefused",
            "enotfound",
            "etimedout",
            "unable to connect",
            "connection error",
            "error sending request",
            "fetch failed",
            "network error",
            "stream disconnected",
            "dns error",
        ],
    ),
];

/// The outage that an HTTP status tells of.
fn of_status(status: u64) -> Option<Outage> {
    match status {
        401 | 403 => Some(Outage::Auth),
        402 => Some(Outage::Billing),
        429 => Some(Outage::Quota),
        500..=599 => Some(Outage::Overload),
        _ => None,
    }
}

/// The outage that a message tells of. The words say more than a status does.
pub(crate) fn outage(message: &str, status: Option<u64>) -> Option<Outage> {
    let message = message.to_lowercase().replace('’', "'");
    let by_words = SIGNS
        .iter()
        .find(|(_, signs)| signs.iter().any(|sign| message.contains(sign)))
        .map(|(outage, _)| *outage);
    by_words.or_else(|| status.or_else(|| status_in(&message)).and_then(of_status))
}

/// A status in a message, such as `API Error: 529 …` or `unexpected status 503`.
fn status_in(message: &str) -> Option<u64> {
    ["api error: ", "status ", "status: ", "status code ", "got status: ", "http "].iter().find_map(
        |before| {
            let (_, after) = message.split_once(before)?;
            let digits = after.get(..3)?;
            let ends = after.chars().nth(3).is_none_or(|next| !next.is_ascii_digit());
            digits.parse().ok().filter(|status| ends && (400..600).contains(status))
        },
    )
}

/// Milliseconds until something is served again, from a message; `now` is seconds since 1970.
pub(crate) fn wait_ms(message: &str, now: u64) -> Option<u64> {
    let message = message.to_lowercase();
    let told = BEFORE_WAIT.iter().find_map(|before| {
        let (_, after) = message.split_once(before)?;
        duration(after)
    });
    // `Claude AI usage limit reached|1764000000`.
    let moment = || {
        let (_, after) = message.split_once('|')?;
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        until(digits.parse().ok()?, now)
    };
    told.or_else(moment).map(|wait| wait.min(WAIT_MS_MAX))
}

/// Milliseconds from `now` until a moment, both in seconds since 1970; none, if it is long over.
pub(crate) fn until(moment: u64, now: u64) -> Option<u64> {
    // Some say milliseconds.
    let moment = if moment > 100_000_000_000 { moment / 1_000 } else { moment };
    let wait = moment.checked_sub(now)?.saturating_mul(1_000);
    Some(wait.min(WAIT_MS_MAX))
}

/// A sum of numbers with units, such as `1h 2m 3.5s` or `13 hours and 5 minutes`.
fn duration(text: &str) -> Option<u64> {
    let mut sum = None;
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',']).trim_start_matches("and ");
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else { return sum };
        let after = after.trim_start_matches(' ');
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic());
        let (word, further) = after.split_at(end.unwrap_or(after.len()));
        let word = if word.len() > 2 { word.trim_end_matches('s') } else { word };
        // A number alone is seconds, as in the header of that name.
        let unit = if word.is_empty() { Some(1_000) } else { unit(word) };
        let Some(unit) = unit else { return sum };
        let ms = number * (unit as f64);
        if !(0.0..=WAIT_MS_MAX as f64).contains(&ms) {
            return Some(WAIT_MS_MAX);
        }
        sum = Some(sum.unwrap_or(0) + ms as u64);
        rest = further;
    }
}

fn unit(word: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == word).map(|(_, ms)| *ms)
}

/// The error of an attempt that ended with a message: an outage where it tells of one, and
/// otherwise `code`, which another attempt may not meet.
pub(crate) fn error(code: &str, message: &str, status: Option<u64>) -> BackendError {
    let quoted = cut(message.trim(), QUOTE_BYTES).to_owned();
    match outage(message, status) {
        Some(outage) => BackendError::Unavailable {
            outage,
            failure: Failure::new(FailureKind::Failed, outage.as_str(), quoted),
            after_ms: wait_ms(message, now()),
        },
        None => BackendError::Retryable {
            failure: Failure::new(FailureKind::Failed, code, quoted),
            after_ms: None,
        },
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn messages_of_vendors_are_known() {
        use Outage::*;
        for (message, expected) in [
            ("Credit balance is too low", Some(Billing)),
            (
                "You exceeded your current quota, please check your plan and billing details.",
                Some(Billing),
            ),
            ("Invalid API key · Please run /login", Some(Auth)),
            ("API Error: 401 {\"type\":\"error\"}", Some(Auth)),
            ("API key not valid. Please pass a valid API key.", Some(Auth)),
            ("Claude AI usage limit reached|1764000000", Some(Quota)),
            ("You’ve hit your usage limit. Try again in 3 hours 42 minutes.", Some(Quota)),
            ("unexpected status 429 Too Many Requests", Some(Quota)),
            ("RESOURCE_EXHAUSTED", Some(Quota)),
            ("API Error: 529 {\"type\":\"overloaded_error\"}", Some(Overload)),
            ("unexpected status 503 Service Unavailable: x", Some(Overload)),
            ("API Error: 500 Internal server error", Some(Overload)),
            ("error sending request for url (http://127.0.0.1:1/)", Some(Unreachable)),
            ("API Error: Unable to connect to API (ECONNREFUSED)", Some(Unreachable)),
            ("I could not find the file", None),
            ("API Error: 400 bad request", None),
            ("wrote 4290 lines, status 42", None),
        ] {
            assert_eq!(outage(message, None), expected, "{message}");
        }
        assert_eq!(outage("odd", Some(429)), Some(Quota));
        assert_eq!(outage("odd", Some(404)), None);
    }

    #[test]
    fn times_are_read_from_messages() {
        for (message, expected) in [
            ("Please retry in 13.5s.", Some(13_500)),
            ("retry after 30", Some(30_000)),
            ("try again in 20 ms", Some(20)),
            ("Try again in 3 hours 42 minutes.", Some(13_320_000)),
            ("try again in 1 day, 2 hours and 1 minute", Some(93_660_000)),
            ("reset after 1h2m3s", Some(3_723_000)),
            ("limit reached|1100", Some(100_000)),
            ("limit reached|1100000000000", Some(WAIT_MS_MAX)),
            ("limit reached|900", None),
            ("try again in a while", None),
            ("try again in 99999999999 days", Some(WAIT_MS_MAX)),
            ("try again", None),
        ] {
            assert_eq!(wait_ms(message, 1_000), expected, "{message}");
        }
    }
}
