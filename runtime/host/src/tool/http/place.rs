//! Putting secrets in the place of their stand-ins, in headers and nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use baton_core::limits::ToolLimits;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, HeaderValue};

use super::target::Target;
use crate::tool::GrantedSecret;

/// Why a stand-in keeps a request from being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misplaced {
    /// The secret of this name is not bound to the request's host, method or scheme.
    Unbound(String),
    /// Its stand-in is in the URL or in the name of a header.
    NotInValue(String),
    /// Its value cannot be in a header: it has a line break or another control character.
    NotHeader(String),
    /// With secrets, the headers have more bytes than the limit.
    TooLarge(u64),
}

/// Puts secrets in the place of their stand-ins. Returns whether there were any. A response to such
/// a request must be readable, so the request no longer asks for compression.
pub(super) fn place(
    headers: &mut HeaderMap,
    target: &Target,
    secrets: &[GrantedSecret],
    limits: &ToolLimits,
) -> Result<bool, Misplaced> {
    let url = [target.authority(), decoded(target.path.as_str()), target.path.to_string()];
    for secret in secrets {
        let holds = |text: &str| text.contains(&secret.placeholder);
        if url.iter().any(|text| holds(text)) || headers.keys().any(|name| holds(name.as_str())) {
            return Err(Misplaced::NotInValue(secret.name.clone()));
        }
    }
    let mut carried = false;
    let mut bytes = 0;
    for value in headers.values_mut() {
        if let Some(full) = with_secrets(value, target, secrets)? {
            *value = full;
            carried = true;
        }
        bytes += value.len() as u64;
        if bytes > limits.http_header_bytes {
            return Err(Misplaced::TooLarge(bytes));
        }
    }
    if carried {
        headers.remove(ACCEPT_ENCODING);
    }
    Ok(carried)
}

/// The value with secrets. None: it holds no stand-in.
fn with_secrets(
    value: &HeaderValue,
    target: &Target,
    secrets: &[GrantedSecret],
) -> Result<Option<HeaderValue>, Misplaced> {
    let mut text = value.as_bytes().to_vec();
    let mut last = None;
    for secret in secrets {
        let Some(full) = replaced(&text, secret) else { continue };
        let (method, host) = (target.method.as_str(), target.host.to_string());
        let bound = |rule: &baton_core::scope::HttpRule| {
            rule.matches(method, target.scheme(), &host, target.port)
        };
        if !secret.hosts.iter().any(bound) {
            return Err(Misplaced::Unbound(secret.name.clone()));
        }
        text = full;
        last = Some(secret);
    }
    let Some(secret) = last else { return Ok(None) };
    let mut value =
        HeaderValue::from_bytes(&text).map_err(|_| Misplaced::NotHeader(secret.name.clone()))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The text with one secret, also where its stand-in is in the credentials of the scheme `Basic`.
fn replaced(text: &[u8], secret: &GrantedSecret) -> Option<Vec<u8>> {
    let direct = replace_all(text, secret);
    let text = direct.as_deref().unwrap_or(text);
    let credentials = basic(text).and_then(|credentials| replace_all(&credentials, secret));
    credentials.map(|full| format!("Basic {}", STANDARD.encode(full)).into_bytes()).or(direct)
}

/// What the credentials of the scheme `Basic` say.
fn basic(text: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = text.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let bare = rest.trim_ascii();
    let bare = bare.strip_suffix(b"==").or_else(|| bare.strip_suffix(b"=")).unwrap_or(bare);
    STANDARD_NO_PAD.decode(bare).ok()
}

fn replace_all(text: &[u8], secret: &GrantedSecret) -> Option<Vec<u8>> {
    let placeholder = secret.placeholder.as_bytes();
    let find = |text: &[u8]| {
        text.windows(placeholder.len().max(1)).position(|window| window == placeholder)
    };
    let mut at = find(text)?;
    let mut rest = text;
    let mut full = Vec::with_capacity(text.len() + secret.value.len());
    loop {
        let (before, after) = rest.split_at_checked(at)?;
        full.extend_from_slice(before);
        full.extend_from_slice(secret.value.as_bytes());
        rest = after.get(placeholder.len()..)?;
        match find(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    full.extend_from_slice(rest);
    Some(full)
}

/// A path or query with what is percent-encoded in it decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let code = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match code {
            Some(code) if *byte == b'%' => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
