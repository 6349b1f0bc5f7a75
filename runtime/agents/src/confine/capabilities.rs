//! Capabilities of root.

use std::io;

use caps::{CapSet, Capability};

/// What a command that runs as root keeps: whose files it may use, and as whom it may go on. None of
/// these leads out of a namespace, to a device, or into another process.
const KEPT: &[Capability] = &[
    Capability::CAP_CHOWN,
    Capability::CAP_DAC_OVERRIDE,
    Capability::CAP_FOWNER,
    Capability::CAP_FSETID,
    Capability::CAP_KILL,
    Capability::CAP_SETGID,
    Capability::CAP_SETUID,
    Capability::CAP_NET_BIND_SERVICE,
];

/// Takes the other capabilities from whatever this process becomes. A process that may not do that
/// is not root, and has none to give.
pub(super) fn keep_those_of_files() -> io::Result<()> {
    let error = |error: caps::errors::CapsError| io::Error::other(error.to_string());
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).map_err(error)? {
        return Ok(());
    }
    for capability in caps::all() {
        // One that this kernel does not know is not there either.
        let there = caps::has_cap(None, CapSet::Bounding, capability).unwrap_or(false);
        if there && !KEPT.contains(&capability) {
            caps::drop(None, CapSet::Bounding, capability).map_err(error)?;
        }
    }
    // Ambient capabilities are kept by a program whatever the bounding set says. Kernels without
    // them have none.
    let _ = caps::clear(None, CapSet::Ambient);
    Ok(())
}
