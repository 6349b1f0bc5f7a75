//! A connection to one server: the one place that speaks through the library.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ErrorCode, ErrorData,
    GetMeta as _, JsonObject, PingRequest, ProtocolVersion, ServerResult,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, Peer, PeerRequestOptions, RequestHandle, RunningService,
    ServiceError,
};
use rmcp::transport::Transport;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::client::Break;
use super::error::Problem;
use super::handler::Handler;
use super::http;
use super::lines::End;
use super::opening::{Ending, Link, Opening, Unopened, no_message, unopened};
use super::process::Process;

/// How long a server may take to accept that a request is cancelled.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// How long saying goodbye may take.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// How long a server may be silent until it is asked whether it is still the same.
const PING_AFTER: Duration = Duration::from_secs(1);

/// How long the answer to that may take.
const PING_TIME_MAX: Duration = Duration::from_secs(5);

/// An open connection.
pub(super) struct Connection {
    peer: Peer<RoleClient>,
    service: Mutex<Option<RunningService<RoleClient, Handler>>>,
    end: Ending,
    process: Option<Process>,
    changed: Arc<AtomicBool>,
    /// Whether it must not be used any more although it seems open.
    broken: AtomicBool,
    /// Whether the server may forget who it speaks with.
    has_session: bool,
    /// When it last answered.
    answered: std::sync::Mutex<Option<Instant>>,
    message_bytes_max: u64,
}

/// A call that was sent.
pub(super) struct Request(RequestHandle<RoleClient>);

impl Connection {
    /// Opens a connection. If the future is dropped, the process of the server is ended.
    pub(super) async fn open<T: Transport<RoleClient> + 'static>(
        link: Link<T>,
        opening: Opening,
        message_bytes_max: u64,
    ) -> Result<Self, Unopened> {
        let Link { transport, end, process } = link;
        let changed = Arc::new(AtomicBool::new(false));
        let handler = Handler { changed: Arc::clone(&changed) };
        let lifecycle = match opening {
            Opening::Handshake => ClientLifecycleMode::Initialize,
            Opening::Discovery => {
                ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] }
            }
        };
        match handler.serve_with_lifecycle(transport, lifecycle).await {
            Ok(service) => Ok(Self {
                peer: service.peer().clone(),
                service: Mutex::new(Some(service)),
                has_session: matches!(end, Ending::Http(_)) && opening == Opening::Handshake,
                end,
                process,
                changed,
                broken: AtomicBool::new(false),
                answered: std::sync::Mutex::new(Some(Instant::now())),
                message_bytes_max,
            }),
            Err(error) => {
                let how = match &process {
                    Some(process) => Some(process.end().await),
                    None => None,
                };
                Err(unopened(error, end.of_lines(), how, message_bytes_max))
            }
        }
    }

    /// Whether it can be used for another request. A server that is reached over HTTP may have
    /// been started anew in the meantime, which shows only when it is asked.
    pub(super) async fn answers(&self) -> bool {
        let open = !self.broken.load(Ordering::Relaxed)
            && !self.peer.is_transport_closed()
            && self.end.of_lines().is_none();
        if !open || !self.has_session || self.answered_lately() {
            return open;
        }
        let ping = self.ask(ClientRequest::PingRequest(PingRequest::default()));
        match timeout(PING_TIME_MAX, ping).await {
            Ok(Ok(_)) => true,
            Ok(Err(Problem::Refused { code, .. })) => code == ErrorCode::METHOD_NOT_FOUND.0,
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Whether the server said that its tools are others now.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&self, request: ClientRequest) -> Result<ServerResult, Problem> {
        let mut request = self.send(request).await?;
        self.wait(&mut request).await
    }

    /// Sends a call, as part of a W3C trace context if there is one.
    pub(super) async fn call(
        &self,
        tool: &str,
        input: JsonObject,
        traceparent: Option<&str>,
    ) -> Result<Request, Problem> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(input);
        let mut request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        if let Some(traceparent) = traceparent {
            request.get_meta_mut().set_traceparent(traceparent);
        }
        self.send(request).await
    }

    /// Waits for the result of a call. May be dropped; see [`Connection::cancel`].
    pub(super) async fn result(&self, request: &mut Request) -> Result<CallToolResult, Problem> {
        match self.wait(request).await? {
            ServerResult::CallToolResult(result) => Ok(result),
            ServerResult::InputRequiredResult(_) => {
                Err(Problem::Protocol("it asks for input, which nobody can give here".into()))
            }
            _ => Err(Problem::Protocol("its answer to `tools/call` is not a result of it".into())),
        }
    }

    /// Says that the result of a call is not wanted any more. A server that does not take that is
    /// not used again.
    pub(super) async fn cancel(&self, request: Request, reason: &str) {
        let cancelled = request.0.cancel(Some(reason.to_owned()));
        if !matches!(timeout(CANCEL_GRACE, cancelled).await, Ok(Ok(()))) {
            self.broken.store(true, Ordering::Relaxed);
        }
    }

    /// Ends the connection, and the process of the server, and says how that ended. More than once
    /// is the same as once.
    pub(super) async fn close(&self) -> Option<String> {
        self.broken.store(true, Ordering::Relaxed);
        if let Some(mut service) = self.service.lock().await.take() {
            // One that does not say goodbye in time has been left anyway.
            let _ = service.close_with_timeout(CLOSE_GRACE).await;
        }
        match &self.process {
            Some(process) => Some(process.end().await),
            None => None,
        }
    }

    async fn send(&self, request: ClientRequest) -> Result<Request, Problem> {
        let options = PeerRequestOptions::no_options();
        match self.peer.send_cancellable_request(request, options).await {
            Ok(handle) => Ok(Request(handle)),
            Err(error) => Err(self.problem(error).await),
        }
    }

    async fn wait(&self, request: &mut Request) -> Result<ServerResult, Problem> {
        let answer = (&mut request.0.rx).await.unwrap_or(Err(ServiceError::TransportClosed));
        *self.answered() = answer.is_ok().then(Instant::now);
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.problem(error).await),
        }
    }

    fn answered(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered_lately(&self) -> bool {
        self.answered().is_some_and(|when| when.elapsed() < PING_AFTER)
    }

    /// What an error means.
    async fn problem(&self, error: ServiceError) -> Problem {
        match error {
            ServiceError::McpError(error) => refused(error),
            ServiceError::TransportSend(error) => {
                let error = error.error.as_ref();
                if http::is_too_large(error) {
                    Problem::MessageBytes { max: self.message_bytes_max }
                } else if http::is_unsent(error) {
                    Problem::Start(http::chain(error))
                } else {
                    self.gone(http::chain(error)).await
                }
            }
            ServiceError::TransportClosed | ServiceError::Cancelled { .. } => {
                self.gone("the connection broke".into()).await
            }
            other => Problem::Protocol(other.to_string()),
        }
    }

    /// The answer to a request cannot come any more.
    async fn gone(&self, why: String) -> Problem {
        let too_large = Problem::MessageBytes { max: self.message_bytes_max };
        if let Ending::Http(breaks) = &self.end {
            // Other answers may still come.
            return match breaks.take() {
                Some(Break::TooLarge) => too_large,
                Some(Break::Other(more)) => Problem::Closed(format!("{why}: {more}")),
                None => Problem::Closed(why),
            };
        }
        let how = self.close().await;
        match self.end.of_lines() {
            Some(End::TooLong) => too_large,
            Some(End::NoMessage(line)) => Problem::Protocol(no_message(&line)),
            Some(End::Closed) | None => Problem::Closed(how.unwrap_or(why)),
        }
    }
}

fn refused(error: ErrorData) -> Problem {
    Problem::Refused { code: error.code.0, message: error.message.into_owned(), data: error.data }
}
