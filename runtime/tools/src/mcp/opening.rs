//! How a conversation with a server begins, or does not.

use rmcp::service::ClientInitializeError;
use tokio::sync::watch;

use super::client::Breaks;
use super::error::Problem;
use super::http;
use super::lines::End;
use super::process::Process;

/// How a conversation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// With the handshake of the versions up to 2025-11-25.
    Handshake,
    /// With the question what the server speaks, as of 2026-07-28.
    Discovery,
}

/// What a server is reached by.
pub(super) struct Link<T> {
    /// The messages.
    pub(super) transport: T,
    /// Why nothing comes any more.
    pub(super) end: Ending,
    /// Its process, where it has one.
    pub(super) process: Option<Process>,
}

/// Where it is told why nothing comes any more.
pub(super) enum Ending {
    /// Of a connection that ends as a whole.
    Lines(watch::Receiver<Option<End>>),
    /// Of one where single answers break.
    Http(Breaks),
}

impl Ending {
    /// Why the whole connection has ended, if it has.
    pub(super) fn of_lines(&self) -> Option<End> {
        match self {
            Self::Lines(end) => end.borrow().clone(),
            Self::Http(_) => None,
        }
    }
}

/// Why a connection was not opened.
pub(super) enum Unopened {
    /// The server answered that it does not take this opening.
    NotThisWay(String),
    /// Anything else.
    Failed(Problem),
}

/// What an error of an opening means. `end` is why nothing came any more, `how` how the process of the
/// server ended.
pub(super) fn unopened(
    error: ClientInitializeError,
    end: Option<End>,
    how: Option<String>,
    message_bytes_max: u64,
) -> Unopened {
    match end {
        Some(End::TooLong) => {
            return Unopened::Failed(Problem::MessageBytes { max: message_bytes_max });
        }
        Some(End::NoMessage(line)) => {
            return Unopened::Failed(Problem::Protocol(no_message(&line)));
        }
        Some(End::Closed) | None => {}
    }
    let problem = match error {
        ClientInitializeError::JsonRpcError(error) => {
            return Unopened::NotThisWay(format!("{}: {}", error.code.0, error.message));
        }
        ClientInitializeError::ConnectionClosed(_) => {
            Problem::Start(how.unwrap_or_else(|| "the connection was closed".into()))
        }
        ClientInitializeError::TransportError { error, .. }
            if http::is_too_large(error.error.as_ref()) =>
        {
            Problem::MessageBytes { max: message_bytes_max }
        }
        ClientInitializeError::TransportError { error, .. } => {
            Problem::Start(how.unwrap_or_else(|| http::chain(error.error.as_ref())))
        }
        other => Problem::Protocol(other.to_string()),
    };
    Unopened::Failed(problem)
}

/// What is wrong with a line that says to be a message.
pub(super) fn no_message(line: &str) -> String {
    format!("it wrote `{line}`")
}
