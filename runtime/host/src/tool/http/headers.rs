//! The headers of requests and responses.

use baton_core::limits::ToolLimits;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::body::redact_headers;
use super::error::HttpError;
use super::place::{Misplaced, place};
use super::redact::Redaction;
use super::target::Target;
use super::told::Told;
use crate::tool::GrantedSecret;

/// Bytes around the name and the value of a header on the wire.
const HEADER_OVERHEAD: usize = 4;
/// How Baton introduces itself where the guest does not say.
const AGENT: &str = concat!("baton/", env!("CARGO_PKG_VERSION"));

/// Headers that say how a message is framed and where it goes: that is the host's to decide.
pub(super) const FORBIDDEN: [HeaderName; 11] = [
    CONNECTION,
    HOST,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Makes the headers of a request complete. Returns whether they carry a secret.
pub(super) fn prepare(
    headers: &mut HeaderMap,
    target: &Target,
    secrets: &[GrantedSecret],
    limits: &ToolLimits,
    told: &Told,
) -> Result<bool, HttpError> {
    for name in &FORBIDDEN {
        headers.remove(name);
    }
    let too_large = |bytes: u64| {
        told.limit("http_header_bytes");
        HttpError::RequestHeaders(u32::try_from(bytes).unwrap_or(u32::MAX))
    };
    let bytes = size(headers);
    if bytes > limits.http_header_bytes {
        return Err(too_large(bytes));
    }
    if let Some(length) = length(headers)
        && length > limits.http_request_bytes
    {
        told.limit("http_request_bytes");
        return Err(HttpError::RequestBody(length));
    }
    let placed = place(headers, target, secrets, limits);
    let carries = placed.map_err(|misplaced| match misplaced {
        Misplaced::TooLarge(bytes) => too_large(bytes),
        Misplaced::Unbound(name) => {
            let hint =
                format!("the secret `{name}` may not go there; see `hosts` of [secrets.{name}]");
            told.secret("http-secret-host", &hint);
            HttpError::Denied
        }
        Misplaced::NotInValue(name) => {
            let hint = format!("the secret `{name}` goes into values of headers only");
            told.secret("http-secret-place", &hint);
            HttpError::Denied
        }
        Misplaced::NotHeader(name) => {
            let hint = format!("the secret `{name}` holds what no header can hold");
            told.secret("http-secret-value", &hint);
            HttpError::Denied
        }
    })?;
    headers.insert(HOST, target.host_header()?);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(carries)
}

/// Checks the head of a response and takes secrets out of it.
pub(super) fn accept(
    headers: &mut HeaderMap,
    target: &Target,
    carries: bool,
    redaction: Option<&Redaction>,
    limits: &ToolLimits,
    told: &Told,
) -> Result<(), HttpError> {
    if let Some(coding) = other_than(headers, &TRANSFER_ENCODING, "chunked") {
        return Err(HttpError::TransferCoding(coding));
    }
    if let Some(coding) = other_than(headers, &CONTENT_ENCODING, "identity")
        && carries
    {
        return Err(HttpError::ContentCoding(coding));
    }
    if let Some(length) = length(headers)
        && length > limits.http_response_bytes
        && target.method != Method::HEAD
    {
        told.limit("http_response_bytes");
        return Err(HttpError::ResponseBody(length));
    }
    if let Some(redaction) = redaction {
        redact_headers(headers, redaction);
        // The body may change its length on the way.
        if target.method != Method::HEAD {
            headers.remove(CONTENT_LENGTH);
        }
    }
    Ok(())
}

/// Bytes of headers on the wire.
fn size(headers: &HeaderMap) -> u64 {
    let one = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().len() + value.len() + HEADER_OVERHEAD) as u64
    };
    headers.iter().map(one).sum()
}

/// What the headers say of the body's length.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The value of a header, unless there is none but the usual one.
fn other_than(headers: &HeaderMap, name: &HeaderName, usual: &str) -> Option<String> {
    let values =
        headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    let mut others = values
        .map(|value| String::from_utf8_lossy(value.trim_ascii()).into_owned())
        .filter(|value| !value.is_empty() && !value.eq_ignore_ascii_case(usual));
    others.next()
}
