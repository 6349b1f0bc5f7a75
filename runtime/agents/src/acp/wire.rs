//! The messages of the protocol. No other file names the library that defines them.

use agent_client_protocol_schema::ProtocolVersion;
use agent_client_protocol_schema::v1::{
    CancelNotification, ClientCapabilities, FileSystemCapabilities, Implementation,
    InitializeRequest, LoadSessionRequest, NewSessionRequest, PromptRequest, ReadTextFileResponse,
    RequestPermissionOutcome, RequestPermissionResponse, ResumeSessionRequest,
    SelectedPermissionOutcome, SetSessionModeRequest, ToolCall, WriteTextFileResponse,
};
pub(super) use agent_client_protocol_schema::v1::{
    ContentBlock, InitializeResponse, NewSessionResponse, PermissionOptionKind, PromptResponse,
    ReadTextFileRequest, RequestPermissionRequest, SessionId, SessionModeState,
    SessionNotification, SessionUpdate, StopReason, ToolCallContent, ToolCallStatus,
    ToolCallUpdate, ToolKind, WriteTextFileRequest,
};
use serde::Serialize;
use serde_json::{Value, json};

use std::path::Path;

/// There is nothing of that name: a code of the protocol.
pub(super) const NOT_FOUND: i64 = -32_002;

/// The agent wants its user to log in: a code of the protocol.
pub(super) const AUTH_REQUIRED: i64 = -32_000;

/// No such method: a code of JSON-RPC.
pub(super) const NO_METHOD: i64 = -32_601;

/// Parameters that cannot be read: a code of JSON-RPC.
pub(super) const BAD_PARAMS: i64 = -32_602;

/// Something failed: a code of JSON-RPC.
pub(super) const FAILED: i64 = -32_603;

/// A request of ours.
#[derive(Clone, Debug)]
pub(super) enum Ask<'a> {
    Initialize { reads: bool, writes: bool },
    New { directory: &'a Path },
    Load { session: &'a SessionId, directory: &'a Path },
    Resume { session: &'a SessionId, directory: &'a Path },
    Mode { session: &'a SessionId, mode: &'a str },
    Option { session: &'a SessionId, option: &'a str, value: &'a str },
    Prompt { session: &'a SessionId, text: &'a str },
}

impl Ask<'_> {
    /// As a line.
    pub(super) fn line(self, id: u64) -> String {
        let (method, params) = match self {
            Self::Initialize { reads, writes } => {
                let files =
                    FileSystemCapabilities::new().read_text_file(reads).write_text_file(writes);
                let client = Implementation::new("baton", env!("CARGO_PKG_VERSION"));
                let request = InitializeRequest::new(ProtocolVersion::V1)
                    .client_capabilities(ClientCapabilities::new().fs(files))
                    .client_info(client);
                ("initialize", value(&request))
            }
            Self::New { directory } => ("session/new", value(&NewSessionRequest::new(directory))),
            Self::Load { session, directory } => {
                ("session/load", value(&LoadSessionRequest::new(session.clone(), directory)))
            }
            Self::Resume { session, directory } => {
                ("session/resume", value(&ResumeSessionRequest::new(session.clone(), directory)))
            }
            Self::Mode { session, mode } => {
                let request = SetSessionModeRequest::new(session.clone(), mode.to_owned());
                ("session/set_mode", value(&request))
            }
            Self::Option { session, option, value } => (
                "session/set_config_option",
                json!({ "sessionId": session, "configId": option, "value": value }),
            ),
            Self::Prompt { session, text } => {
                let prompt = vec![ContentBlock::from(text)];
                ("session/prompt", value(&PromptRequest::new(session.clone(), prompt)))
            }
        };
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    }
}

/// Tells the agent that nobody waits for its turn any more.
pub(super) fn cancel(session: &SessionId) -> String {
    let params = value(&CancelNotification::new(session.clone()));
    json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params }).to_string()
}

/// Whether an agent speaks the version that we do.
pub(super) fn is_known(said: &InitializeResponse) -> bool {
    said.protocol_version == ProtocolVersion::V1
}

/// A tool as it is said to be new, in the form in which changes of it are said.
pub(super) fn update(call: &ToolCall) -> Option<ToolCallUpdate> {
    serde_json::from_value(value(call)).ok()
}

/// What is answered to a request for permission: an option, or none.
pub(super) fn chosen(option: Option<&str>) -> Value {
    let outcome = match option {
        Some(option) => {
            RequestPermissionOutcome::Selected(SelectedPermissionOutcome::new(option.to_owned()))
        }
        None => RequestPermissionOutcome::Cancelled,
    };
    value(&RequestPermissionResponse::new(outcome))
}

/// What is answered where a file was read.
pub(super) fn content(text: String) -> Value {
    value(&ReadTextFileResponse::new(text))
}

/// What is answered where a file was written.
pub(super) fn written() -> Value {
    value(&WriteTextFileResponse::new())
}

fn value(of: &impl Serialize) -> Value {
    // Texts and numbers always have a JSON form; a path that is no text was refused before.
    serde_json::to_value(of).unwrap_or_default()
}
