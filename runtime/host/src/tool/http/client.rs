//! Sending one request: checked, to a checked address, within limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use baton_core::limits::ToolLimits;
use baton_core::scope::Reach;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::body::{Connection, RequestBody, ResponseBody, ResponseRules, Verdict, redact_headers};
use super::connect::{Stream, Trust, connect};
use super::error::HttpError;
use super::place::{Misplaced, place};
use super::redact::Redaction;
use super::resolve::{Resolver, addresses};
use super::target::Target;
use super::told::Told;
use crate::tool::ToolGrant;

/// Connections of one call that are open at once; each takes a file descriptor of the process.
const CONNECTIONS_MAX: usize = 32;
/// Bytes of a read buffer that hyper insists on.
const BUFFER_BYTES_MIN: u64 = 8 << 10;
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

/// How long a guest is willing to wait; the host's limits hold beside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    pub(super) connect: Option<Duration>,
    pub(super) first_byte: Option<Duration>,
    pub(super) between_bytes: Option<Duration>,
}

/// Sends the requests of one call.
#[derive(Clone)]
pub(super) struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    grant: ToolGrant,
    limits: ToolLimits,
    resolver: Box<dyn Resolver>,
    trust: Trust,
    /// Requests so far.
    requests: AtomicU64,
    room: Arc<Semaphore>,
    redaction: OnceLock<Option<Arc<Redaction>>>,
}

impl Client {
    pub(super) fn new(grant: &ToolGrant, limits: &ToolLimits, resolver: Box<dyn Resolver>) -> Self {
        let shared = Shared {
            trust: Trust::new(Arc::clone(&grant.certificates)),
            grant: grant.clone(),
            limits: *limits,
            resolver,
            requests: AtomicU64::new(0),
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            redaction: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a request and waits for the head of its response. Redirects are not followed.
    pub(super) async fn send<B>(
        &self,
        request: Request<B>,
        patience: Patience,
    ) -> Result<Response<ResponseBody>, HttpError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let shared = &self.shared;
        let limits = &shared.limits;
        let deadline = after(Duration::from_millis(limits.http_request_ms));
        let (mut parts, body) = request.into_parts();

        let target = Target::of(&parts.method, &parts.uri, limits.http_header_bytes)?;
        let told = Told::new(Arc::clone(&shared.grant.denied), target.to_string());
        let reach = shared.admit(&target, &told)?;
        let carries = shared.prepare(&mut parts.headers, &target, &told)?;

        let permit = Arc::clone(&shared.room)
            .try_acquire_owned()
            .map_err(|_| HttpError::TooManyConnections)?;
        let stream = shared.open(&target, reach, deadline, patience.connect, &told).await?;

        let verdict = Verdict::default();
        let max = limits.http_request_bytes;
        let body = RequestBody::new(body, max, Arc::clone(&verdict), told.clone());
        let mut request = Request::new(body);
        *request.method_mut() = target.method.clone();
        *request.uri_mut() = http::Uri::from(target.path.clone());
        *request.headers_mut() = parts.headers;

        let exchange = shared.exchange(stream, request, permit, deadline, &verdict);
        let first_byte = patience.first_byte.map_or(deadline, after);
        let (response, connection) = match timeout_at(first_byte.min(deadline), exchange).await {
            Ok(exchanged) => exchanged,
            Err(_) if first_byte < deadline => Err(HttpError::Silence),
            Err(_) => Err(HttpError::Timeout),
        }
        .inspect_err(|error| {
            if *error == HttpError::ResponseHeaders {
                told.limit("http_header_bytes");
            }
        })?;

        let (mut parts, incoming) = response.into_parts();
        shared.accept(&mut parts.headers, &target, carries, &told)?;
        let rules = ResponseRules {
            deadline,
            silence: patience.between_bytes,
            max: limits.http_response_bytes,
            redaction: shared.redaction(),
            verdict,
            told,
        };
        Ok(Response::from_parts(parts, ResponseBody::new(incoming, connection, rules)))
    }
}

impl Shared {
    /// Whether a request may be sent at all, and then how far it reaches.
    fn admit(&self, target: &Target, told: &Told) -> Result<Reach, HttpError> {
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.limits.http_requests {
            told.limit("http_requests");
            return Err(HttpError::Denied);
        }
        let (method, host) = (target.method.as_str(), target.host.to_string());
        let scope = self.grant.authority.http.as_ref();
        scope
            .and_then(|scope| scope.allows(method, target.scheme(), &host, target.port))
            .ok_or_else(|| {
                told.http(
                    "http-not-granted",
                    "the tool must request it under `http`, and policy must grant it",
                );
                HttpError::Denied
            })
    }

    /// Makes the headers of a request complete. Returns whether they carry a secret.
    fn prepare(
        &self,
        headers: &mut HeaderMap,
        target: &Target,
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
        if bytes > self.limits.http_header_bytes {
            return Err(too_large(bytes));
        }
        if let Some(length) = length(headers)
            && length > self.limits.http_request_bytes
        {
            told.limit("http_request_bytes");
            return Err(HttpError::RequestBody(length));
        }
        let placed = place(headers, target, &self.grant.secrets, &self.limits);
        let carries = placed.map_err(|misplaced| match misplaced {
            Misplaced::TooLarge(bytes) => too_large(bytes),
            Misplaced::Unbound(name) => {
                let hint = format!(
                    "the secret `{name}` may not go there; see `hosts` of [secrets.{name}]"
                );
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

    /// Opens the connection, to an address that was checked.
    async fn open(
        &self,
        target: &Target,
        reach: Reach,
        deadline: Instant,
        patience: Option<Duration>,
        told: &Told,
    ) -> Result<Box<dyn Stream>, HttpError> {
        let until = after(Duration::from_millis(self.limits.http_connect_ms)).min(deadline);
        let until = patience.map_or(until, |patience| after(patience).min(until));
        let found = addresses(&target.host, reach, &*self.resolver);
        let found = timeout_at(until, found).await.map_err(|_| HttpError::NameTimeout)?;
        if found == Err(HttpError::PrivateAddress) {
            told.http(
                "http-private-address",
                "a rule that ends with ` +private` reaches addresses of private networks",
            );
        }
        connect(target, &found?, &self.trust, until).await
    }

    /// Sends the request over the connection; the connection goes on working on its own.
    async fn exchange<B>(
        &self,
        stream: Box<dyn Stream>,
        request: Request<RequestBody<B>>,
        permit: OwnedSemaphorePermit,
        deadline: Instant,
        verdict: &Verdict,
    ) -> Result<(Response<Incoming>, Connection), HttpError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let max = self.limits.http_header_bytes;
        let buffer = usize::try_from(max.max(BUFFER_BYTES_MIN)).unwrap_or(usize::MAX);
        let (mut sender, connection) = http1::Builder::new()
            .max_header_size(usize::try_from(max).unwrap_or(usize::MAX))
            .max_buf_size(buffer)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| HttpError::of_head(&error))?;
        let connection = Connection(tokio::spawn(async move {
            let _permit = permit;
            // What goes wrong is seen by whoever waits for the response or reads its body.
            let _ = timeout_at(deadline, connection).await;
        }));
        match sender.send_request(request).await {
            Ok(response) => Ok((response, connection)),
            Err(error) => Err(verdict.get().cloned().unwrap_or_else(|| HttpError::of_head(&error))),
        }
    }

    /// Checks the head of a response and takes secrets out of it.
    fn accept(
        &self,
        headers: &mut HeaderMap,
        target: &Target,
        carries: bool,
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
            && length > self.limits.http_response_bytes
            && target.method != Method::HEAD
        {
            told.limit("http_response_bytes");
            return Err(HttpError::ResponseBody(length));
        }
        if let Some(redaction) = self.redaction() {
            redact_headers(headers, &redaction);
            // The body may change its length on the way.
            if target.method != Method::HEAD {
                headers.remove(CONTENT_LENGTH);
            }
        }
        Ok(())
    }

    fn redaction(&self) -> Option<Arc<Redaction>> {
        let build = || {
            let secrets = &self.grant.secrets;
            Redaction::new(secrets.iter().map(|secret| (&*secret.value, &*secret.placeholder)))
                .map(Arc::new)
        };
        self.redaction.get_or_init(build).clone()
    }
}

/// A point in time that far away.
fn after(span: Duration) -> Instant {
    let now = Instant::now();
    // A guest may be willing to wait for centuries, which no clock can hold.
    now.checked_add(span).unwrap_or_else(|| now + Duration::from_secs(1 << 30))
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
