//! The one place that takes native code from bytes.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::Verified;

/// Makes a component of an artifact that this user's cache wrote. `None` when the engine does not
/// take it.
///
/// [`Verified`] exists only for bytes whose authentication code was checked with the cache's
/// private key, for exactly this component and engine; what is loaded is those bytes in memory,
/// not a file that could have changed since.
#[expect(unsafe_code, reason = "the only loader of compiled code, behind an authentication code")]
pub(crate) fn deserialize(engine: &Engine, artifact: &Verified) -> Option<Component> {
    // SAFETY: the bytes are what `Component::serialize` returned in this or an earlier process of
    // the same user: nobody else can make their authentication code.
    unsafe { Component::deserialize(engine, artifact.bytes()) }.ok()
}
