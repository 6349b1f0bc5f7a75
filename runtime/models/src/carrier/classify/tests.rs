#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

const NOW: Duration = Duration::from_secs(1_800_000_000);

fn of(status: u16, headers: &[(&str, &str)], body: &str) -> ModelError {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.insert(name, HeaderValue::from_str(value).unwrap());
    }
    refused(&Refused {
        provider: "acme",
        model: "large-1",
        status,
        headers: &map,
        body: body.as_bytes(),
        sent: 12_345,
        now: SystemTime::UNIX_EPOCH + NOW,
    })
}

#[test]
fn statuses_and_bodies_of_every_provider() {
    use Trouble::{Auth, Billing, Overload, Permanent, Quota, Retryable};
    let anthropic = |kind: &str, words: &str| {
        json!({"type": "error", "error": {"type": kind, "message": words}}).to_string()
    };
    let openai = |code: &str, words: &str| {
        json!({"error": {"message": words, "type": "x", "param": null, "code": code}}).to_string()
    };
    let gemini = |code: u16, state: &str, words: &str| {
        json!({"error": {"code": code, "message": words, "status": state}}).to_string()
    };
    let ollama = |words: &str| json!({"error": words}).to_string();
    let cases = [
        (301, String::new(), Permanent, "redirect"),
        (307, String::new(), Permanent, "redirect"),
        (400, anthropic("invalid_request_error", "max_tokens: required"), Permanent, "bad-request"),
        (
            400,
            anthropic("invalid_request_error", "prompt is too long: 9 > 8"),
            Permanent,
            "context-too-long",
        ),
        (
            400,
            anthropic("invalid_request_error", "Your credit balance is too low to access"),
            Billing,
            "billing",
        ),
        (
            400,
            anthropic("invalid_request_error", "You have reached your specified API usage limits."),
            Quota,
            "quota",
        ),
        (401, anthropic("authentication_error", "invalid x-api-key"), Auth, "auth"),
        (402, anthropic("billing_error", "pay"), Billing, "billing"),
        (403, anthropic("permission_error", "no"), Auth, "auth"),
        (404, anthropic("not_found_error", "model: large-1"), Permanent, "unknown-model"),
        (413, anthropic("request_too_large", "too large"), Permanent, "too-large"),
        (429, anthropic("rate_limit_error", "slow down"), Retryable, "rate-limited"),
        (500, anthropic("api_error", "oops"), Retryable, "server-error"),
        (529, anthropic("overloaded_error", "Overloaded"), Overload, "overloaded"),
        (
            400,
            openai("context_length_exceeded", "This model's maximum context length is 8"),
            Permanent,
            "context-too-long",
        ),
        (401, openai("invalid_api_key", "Incorrect API key provided: sk-abcdef"), Auth, "auth"),
        (
            404,
            openai("model_not_found", "The model `x` does not exist"),
            Permanent,
            "unknown-model",
        ),
        (
            400,
            openai("model_not_found", "The requested model 'x' does not exist."),
            Permanent,
            "unknown-model",
        ),
        (
            429,
            openai("rate_limit_exceeded", "Rate limit reached for requests"),
            Retryable,
            "rate-limited",
        ),
        (
            429,
            openai(
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Quota,
            "quota",
        ),
        (
            429,
            openai("billing_hard_limit_reached", "Billing hard limit has been reached"),
            Billing,
            "billing",
        ),
        (500, openai("", "The server had an error"), Retryable, "server-error"),
        (503, openai("", "Slow down"), Overload, "overloaded"),
        (
            400,
            gemini(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            Auth,
            "auth",
        ),
        (
            400,
            gemini(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum"),
            Permanent,
            "context-too-long",
        ),
        (403, gemini(403, "PERMISSION_DENIED", "no"), Auth, "auth"),
        (
            404,
            gemini(404, "NOT_FOUND", "models/x is not found for API version v1beta"),
            Permanent,
            "unknown-model",
        ),
        (
            429,
            gemini(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted"),
            Retryable,
            "rate-limited",
        ),
        (
            429,
            gemini(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its spending cap"),
            Quota,
            "quota",
        ),
        (503, gemini(503, "UNAVAILABLE", "The model is overloaded."), Overload, "overloaded"),
        (504, gemini(504, "DEADLINE_EXCEEDED", "late"), Retryable, "server-error"),
        (404, ollama("model 'large-1' not found"), Permanent, "unknown-model"),
        (404, "<html>".to_owned(), Permanent, "not-found"),
        (400, ollama("large-1 does not support tools"), Permanent, "bad-request"),
        (
            502,
            "<html><h1>Bad Gateway, billing_error</h1></html>".to_owned(),
            Retryable,
            "server-error",
        ),
        (503, String::new(), Overload, "overloaded"),
        (408, String::new(), Retryable, "server-error"),
        (418, String::new(), Permanent, "bad-request"),
        (413, String::new(), Permanent, "too-large"),
        (422, json!({"message": "nope"}).to_string(), Permanent, "bad-request"),
        (500, json!([gemini(500, "INTERNAL", "x")]).to_string(), Retryable, "server-error"),
    ];
    for (status, body, trouble, code) in cases {
        let error = of(status, &[], &body);
        assert_eq!((error.trouble, error.code), (trouble, code), "{status} {body}");
        assert!(error.message.contains("acme"), "{error}");
        assert!(!error.message.contains("sk-"), "{error}");
        assert!(!error.message.contains("<h1>"), "{error}");
    }
}

#[test]
fn the_size_and_the_model_are_named() {
    assert!(of(413, &[], "").message.contains("12345 bytes"));
    assert!(of(404, &[], "{\"error\":\"model not found\"}").message.contains("large-1"));
}

#[test]
fn words_are_short_and_without_control_characters() {
    let body = json!({"error": {"message": format!("\u{1b}[2J{}", "x".repeat(10_000))}});
    let message = of(400, &[], &body.to_string()).message;
    assert!(message.len() < 400 && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn waiting() {
    let after = |headers: &[(&str, &str)], body: &str| {
        let error = of(429, headers, body);
        (error.trouble, error.code, error.after_ms)
    };
    let limited = (Trouble::Retryable, "rate-limited", Some(20_000));
    assert_eq!(after(&[("retry-after", "20")], ""), limited);
    let body = json!({"error": {"status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "20s"},
    ]}});
    assert_eq!(after(&[], &body.to_string()), limited);
    let day = json!({"error": {"status": "RESOURCE_EXHAUSTED", "details": [
        {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
    ]}});
    assert_eq!(after(&[], &day.to_string()), (Trouble::Quota, "quota", None));
    assert_eq!(
        after(&[("retry-after", "1000000000")], ""),
        (Trouble::Quota, "quota", Some(1_000_000_000_000))
    );
    assert_eq!(after(&[("retry-after", "600")], "").0, Trouble::Retryable);
    assert_eq!(after(&[("retry-after", "601")], "").0, Trouble::Quota);
    assert_eq!(of(503, &[("retry-after", "5")], "").after_ms, Some(5_000));
}

#[test]
fn the_day_access_is_regained() {
    // 1,800,000,000 is 2027-01-15 08:00 UTC.
    let words = "You have reached your specified API usage limits. You will regain access on 2027-02-01 at 00:30 UTC.";
    let body =
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": words}});
    let error = of(400, &[], &body.to_string());
    assert_eq!(error.code, "quota");
    assert_eq!(error.after_ms, Some(((16 * 24 + 16) * 60 + 30) * 60_000));
}

#[test]
fn errors_within_answers() {
    use Trouble::{Billing, Overload, Permanent, Quota, Retryable};
    let cases = [
        (json!({"type": "overloaded_error", "message": "Overloaded"}), Overload, "overloaded"),
        (json!({"type": "rate_limit_error", "message": "x"}), Retryable, "rate-limited"),
        (json!({"type": "api_error", "message": "x"}), Retryable, "stream-error"),
        (json!({"type": "invalid_request_error", "message": "x"}), Permanent, "bad-request"),
        (json!({"code": "insufficient_quota", "message": "x"}), Quota, "quota"),
        (json!({"code": "billing_not_active", "message": "x"}), Billing, "billing"),
        (json!({"code": 503, "status": "UNAVAILABLE", "message": "x"}), Overload, "overloaded"),
        (json!({"code": "context_length_exceeded", "message": "x"}), Permanent, "context-too-long"),
        (json!({"type": "authentication_error", "message": "sk-1"}), Trouble::Auth, "auth"),
        (json!("something broke"), Retryable, "stream-error"),
        (Value::Null, Retryable, "stream-error"),
    ];
    for (event, trouble, code) in cases {
        let error = told(&event);
        assert_eq!((error.trouble, error.code), (trouble, code), "{event}");
    }
}
