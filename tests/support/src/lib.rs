//! Components that only tests run: the hostile guests, an agent that obeys, and components made from
//! WebAssembly text.

mod text;

pub use text::{TextError, component};

/// The workflow that attacks its host, chosen by its input.
pub const HOSTILE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile.wasm"));

/// The agent that attacks its host, chosen by its prompt.
pub const HOSTILE_AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hostile-agent.wasm"));

/// The agent that does what its prompt says.
pub const OBEDIENT_AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/obedient-agent.wasm"));
