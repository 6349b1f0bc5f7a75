//! World `tool`: deterministic steps with effects.
//!
//! What a call may touch is a [`ToolGrant`]; whatever it tries beyond is told to
//! [`ToolGrant::denied`] and answered with an error that the guest can see.

pub(crate) mod fs;
mod grant;
pub mod http;
mod result;
mod sockets;
mod state;
mod warm;

pub use grant::{GrantedSecret, OnDenial, ToolGrant};
pub(crate) use sockets::without_sockets;
pub(crate) use state::ToolState;
pub use warm::WarmTool;

use baton_core::json::Json;

use crate::end::GuestEnd;

/// One call.
#[derive(Clone, Debug)]
pub struct ToolCall {
    /// Name of the tool within its component.
    pub name: String,
    /// Its input, which fits its schema.
    pub input: Json,
    /// W3C trace context that requests of the call belong to, unless the guest says otherwise.
    pub traceparent: Option<String>,
}

/// How a call ended. The output of its handoff is what the tool returned.
#[derive(Debug)]
pub struct ToolEnd {
    /// As of any guest.
    pub end: GuestEnd,
    /// The tool itself says that another attempt may succeed.
    pub unavailable: bool,
}
