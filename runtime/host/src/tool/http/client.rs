//! Sending one request: checked, to a checked address, within limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use baton_core::limits::ToolLimits;
use baton_core::scope::Reach;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::body::{Connection, RequestBody, ResponseBody, ResponseRules, Verdict};
use super::connect::{Stream, Trust, connect};
use super::error::HttpError;
use super::headers::{accept, prepare};
use super::redact::Redaction;
use super::resolve::{Resolver, addresses};
use super::target::Target;
use super::told::Told;
use crate::tool::ToolGrant;

/// Connections of one call that are open at once; each takes a file descriptor of the process.
const CONNECTIONS_MAX: usize = 32;
/// Bytes of a read buffer that hyper insists on.
const BUFFER_BYTES_MIN: u64 = 8 << 10;
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
        let carries = prepare(&mut parts.headers, &target, &shared.grant.secrets, limits, &told)?;

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
            // The connection has the same deadline, and may be the first to end for it.
            Ok(Err(HttpError::ConnectionTerminated)) if Instant::now() >= deadline => {
                Err(HttpError::Timeout)
            }
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
        let redaction = shared.redaction();
        accept(&mut parts.headers, &target, carries, redaction.as_deref(), limits, &told)?;
        let rules = ResponseRules {
            deadline,
            silence: patience.between_bytes,
            max: limits.http_response_bytes,
            redaction,
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
