//! One request over `wasi:http`, without any care for whether it is a sound one.

use baton_guest::ToolError;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

use crate::tools::{Came, Request};

/// Bytes that are written at once.
const WRITE_BYTES: u64 = 4096;

/// Sends a request and reads its response.
///
/// # Errors
/// When a secret is not granted.
pub fn send(request: &Request) -> Result<Came, ToolError> {
    let mut headers = Vec::new();
    for header in &request.headers {
        headers.push((header.name.clone(), with_secrets(&header.value)?.into_bytes()));
    }
    let path = with_secrets(&request.path)?;
    Ok(came(request, &headers, &path).unwrap_or_else(|error| Came { error, ..Came::default() }))
}

/// Puts in what the guest holds of a secret.
fn with_secrets(text: &str) -> Result<String, ToolError> {
    let Some((before, rest)) = text.split_once("{secret ") else { return Ok(text.to_owned()) };
    let Some((name, after)) = rest.split_once('}') else { return Ok(text.to_owned()) };
    Ok(format!("{before}{}{}", baton_guest::secret(name)?, with_secrets(after)?))
}

fn came(request: &Request, headers: &[(String, Vec<u8>)], path: &str) -> Result<Came, String> {
    let fields = Fields::from_list(headers).map_err(|error| format!("fields: {error:?}"))?;
    let outgoing = OutgoingRequest::new(fields);
    let scheme = match request.scheme.as_str() {
        "" => None,
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        other => Some(Scheme::Other(other.to_owned())),
    };
    let refused = |part: &'static str| move |()| format!("{part}: refused");
    outgoing.set_method(&method(&request.method)).map_err(refused("method"))?;
    outgoing.set_scheme(scheme.as_ref()).map_err(refused("scheme"))?;
    outgoing.set_authority(Some(&request.authority)).map_err(refused("authority"))?;
    outgoing.set_path_with_query(Some(path)).map_err(refused("path"))?;
    let body = match request.body_bytes {
        0 => None,
        _ => Some(outgoing.body().map_err(refused("body"))?),
    };
    let answer = outgoing_handler::handle(outgoing, None).map_err(|code| said("handle", &code))?;
    if let Some(body) = body {
        // The host may stop to take it; the answer says why.
        let _ = write(&body, request.body_bytes);
        let _ = OutgoingBody::finish(body, None);
    }
    let response = loop {
        match answer.get() {
            Some(Ok(response)) => break response.map_err(|code| said("response", &code))?,
            Some(Err(())) => return Err("response: taken already".into()),
            None => answer.subscribe().block(),
        }
    };
    let status = response.status();
    let shown =
        |(name, value): (String, Vec<u8>)| format!("{name}: {}\n", String::from_utf8_lossy(&value));
    let headers = response.headers().entries().into_iter().map(shown).collect();
    let body = response.consume().map_err(refused("body"))?;
    let stream = body.stream().map_err(refused("body"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(cause)) => {
                return Err(http_error_code(&cause)
                    .map_or_else(|| "body: no code".into(), |code| said("body", &code)));
            }
        }
    }
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Came { error: String::new(), status, headers, body })
}

fn write(body: &OutgoingBody, bytes: u64) -> Result<(), ()> {
    let stream = body.write()?;
    let mut left = bytes;
    while left > 0 {
        let now = left.min(WRITE_BYTES);
        let spaces = vec![b' '; usize::try_from(now).unwrap_or_default()];
        stream.blocking_write_and_flush(&spaces).map_err(|_| ())?;
        left -= now;
    }
    Ok(())
}

/// The name of an error, and the part that it was said to.
fn said(part: &str, code: &ErrorCode) -> String {
    let shown = format!("{code:?}");
    let name = shown.split(['(', '{', ' ']).next().unwrap_or_default();
    format!("{part}: {}", name.strip_prefix("ErrorCode::").unwrap_or(name))
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "CONNECT" => Method::Connect,
        other => Method::Other(other.to_owned()),
    }
}
