//! Requests over `wasi:http`.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

use super::url::Url;
use super::{Error, ErrorKind, Request, Response};

/// Bytes that are written at once: the most that one call takes.
const WRITE_BYTES: usize = 4096;
/// Bytes that are read at once.
const READ_BYTES: u64 = 64 << 10;

pub(super) fn send(request: &Request, url: &Url) -> Result<Response, Error> {
    let body = (!request.body.is_empty()).then_some(request.body.as_slice());
    let outgoing = outgoing(request, url, body)?;
    let writer = body.and_then(|bytes| Some((outgoing.body().ok()?, bytes)));
    let options = options(request);
    let answer = outgoing_handler::handle(outgoing, options).map_err(error)?;
    if let Some((writer, bytes)) = writer {
        // Who answers early may stop to listen. What is wrong then is in the answer.
        let _ = write(&writer, bytes);
        let _ = OutgoingBody::finish(writer, None);
    }
    let response = wait(&answer)?;
    let status = response.status();
    let fields = response.headers();
    let headers = fields.entries().into_iter().map(|(name, value)| {
        (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())
    });
    let headers = headers.collect();
    drop(fields);
    let body = response.consume().map_err(|()| broken("its body was taken already"))?;
    let body = read(&body, request)?;
    Ok(Response { status, headers, body, url: String::new() })
}

fn outgoing(request: &Request, url: &Url, body: Option<&[u8]>) -> Result<OutgoingRequest, Error> {
    let mut fields: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    // Without this a body is sent in chunks, which not every server takes.
    let expects_body = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if (expects_body || body.is_some()) && !request.has("content-length") {
        let length = body.map_or(0, <[u8]>::len);
        fields.push(("content-length".into(), length.to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|_| {
        malformed("a header field is malformed, or none that a request may set".to_owned())
    })?;
    let outgoing = OutgoingRequest::new(fields);
    let scheme = if url.secure { Scheme::Https } else { Scheme::Http };
    outgoing
        .set_method(&method(&request.method))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&url.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&url.target())))
        .map_err(|()| malformed(format!("`{} {url}` is no request", request.method)))?;
    Ok(outgoing)
}

fn options(request: &Request) -> Option<RequestOptions> {
    let nanoseconds = u64::try_from(request.timeout?.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A host that knows no such time keeps to its own.
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds));
    Some(options)
}

fn write(writer: &OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
    let stream = writer.write()?;
    bytes
        .chunks(WRITE_BYTES)
        .try_for_each(|chunk| stream.blocking_write_and_flush(chunk).map_err(|_| ()))
}

fn wait(answer: &FutureIncomingResponse) -> Result<IncomingResponse, Error> {
    loop {
        match answer.get() {
            Some(Ok(response)) => return response.map_err(error),
            Some(Err(())) => return Err(broken("it was taken already")),
            None => answer.subscribe().block(),
        }
    }
}

fn read(body: &IncomingBody, request: &Request) -> Result<Vec<u8>, Error> {
    let stream = body.stream().map_err(|()| broken("its body was taken already"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(cause)) => {
                return Err(http_error_code(&cause).map_or_else(
                    || {
                        let message = cause.to_debug_string();
                        Error::new(ErrorKind::Protocol, "response-body", message)
                    },
                    error,
                ));
            }
        }
        if bytes.len() > request.limit {
            return Err(Error::new(ErrorKind::TooLarge, "response-body", request.too_large()));
        }
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn malformed(message: String) -> Error {
    Error::new(ErrorKind::Request, "bad-request", message)
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Protocol, "response", format!("the response cannot be read: {what}"))
}

fn error(code: ErrorCode) -> Error {
    use ErrorCode as C;
    use ErrorKind as K;
    let (kind, word, message) = match &code {
        C::DnsTimeout => (K::Timeout, "dns-timeout", "the name could not be resolved in time"),
        C::DnsError(_) => (K::Unreachable, "dns", "the name could not be resolved"),
        C::DestinationNotFound => (K::Unreachable, "not-found", "there is no such host"),
        C::DestinationUnavailable => (K::Unreachable, "unavailable", "the host is not available"),
        C::DestinationIpProhibited => {
            (K::Denied, "address-denied", "requests to that address are not granted")
        }
        C::DestinationIpUnroutable => {
            (K::Unreachable, "unroutable", "no way leads to the address of the host")
        }
        C::ConnectionRefused => {
            (K::Unreachable, "connection-refused", "the host refused the connection")
        }
        C::ConnectionTerminated => {
            (K::Unreachable, "connection-ended", "the connection ended too early")
        }
        C::ConnectionTimeout => (K::Timeout, "connection-timeout", "connecting took too long"),
        C::ConnectionReadTimeout => (K::Timeout, "read-timeout", "the host was silent too long"),
        C::ConnectionWriteTimeout => {
            (K::Timeout, "write-timeout", "the host took nothing for too long")
        }
        C::ConnectionLimitReached => {
            (K::Denied, "too-many-requests", "the tool sent as many requests as it may")
        }
        C::TlsProtocolError | C::TlsAlertReceived(_) => {
            (K::Protocol, "tls", "the encryption could not be agreed upon")
        }
        C::TlsCertificateError => {
            (K::Protocol, "certificate", "the certificate of the host is not accepted")
        }
        C::HttpRequestDenied => (K::Denied, "denied", "the request is not granted"),
        C::HttpRequestMethodInvalid => (K::Request, "bad-method", "the method is malformed"),
        C::HttpRequestUriInvalid => (K::Request, "bad-url", "the URL is malformed"),
        C::HttpRequestUriTooLong
        | C::HttpRequestBodySize(_)
        | C::HttpRequestHeaderSectionSize(_)
        | C::HttpRequestHeaderSize(_)
        | C::HttpRequestTrailerSectionSize(_)
        | C::HttpRequestTrailerSize(_) => {
            (K::TooLarge, "request-size", "the request is larger than its limit")
        }
        C::HttpRequestLengthRequired => {
            (K::Request, "length-required", "the length of the body must be said")
        }
        C::HttpResponseBodySize(_) => {
            (K::TooLarge, "response-body", "the body of the response is larger than its limit")
        }
        C::HttpResponseHeaderSectionSize(_)
        | C::HttpResponseHeaderSize(_)
        | C::HttpResponseTrailerSectionSize(_)
        | C::HttpResponseTrailerSize(_) => (
            K::TooLarge,
            "response-headers",
            "the headers of the response are larger than their limit",
        ),
        C::HttpResponseTimeout => (K::Timeout, "response-timeout", "the response took too long"),
        C::HttpResponseIncomplete => (K::Unreachable, "incomplete", "the response ended too early"),
        C::LoopDetected => (K::Redirect, "loop", "the request leads in a circle"),
        C::HttpResponseTransferCoding(_)
        | C::HttpResponseContentCoding(_)
        | C::HttpUpgradeFailed
        | C::HttpProtocolError => (K::Protocol, "protocol", "what came is no usable HTTP"),
        C::ConfigurationError => {
            (K::Protocol, "configuration", "the host cannot send this request")
        }
        C::InternalError(_) => (K::Protocol, "internal", "the host failed"),
    };
    match code {
        C::InternalError(Some(why)) => Error::new(kind, word, format!("{message}: {why}")),
        _ => Error::new(kind, word, message),
    }
}
