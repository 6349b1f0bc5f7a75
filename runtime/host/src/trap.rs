//! Why a guest's call failed: from the engine's error to a typed reason.

use baton_core::handoff::{Failure, FailureKind, Outcome};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::{I32Exit, ResourceTableError};

use crate::end::Captured;
use crate::limiter::Stop;
use crate::port::PortError;

/// Messages of wasmtime that have no typed error. Each has a test that provokes it, so a release
/// that rewords one does not go unnoticed.
pub(crate) mod messages {
    /// Too many resource handles.
    pub(crate) const HANDLES: &str = "store handle limit exceeded";
    /// One call made the host copy too much.
    pub(crate) const HOST_CALL_BYTES: &str = "fuel allocated for hostcalls has been exhausted";
    /// More memories than the store allows.
    pub(crate) const MEMORY_COUNT: &str = "memory count too high at ";
    /// More tables than the store allows.
    pub(crate) const TABLE_COUNT: &str = "table count too high at ";
    /// More core instances than the store allows.
    pub(crate) const INSTANCE_COUNT: &str = "instance count too high at ";
    /// Arguments that point outside the guest's memory or are no text.
    pub(crate) const BAD_ARGUMENTS: &[&str] = &[
        "string pointer/length out of bounds of memory",
        "list pointer/length out of bounds of memory",
        "pointer out of bounds",
        "pointer not aligned",
        "pointer is not aligned",
        "realloc return: result not aligned",
        "realloc return: beyond end of memory",
        "unexpected discriminant",
        "invalid option discriminant",
        "invalid expected discriminant",
        "invalid utf-8 sequence",
        "incomplete utf-8 byte sequence",
        "unpaired surrogate found",
        "unknown handle index",
        "used with the wrong type",
        "is not a resource",
        "is not an own resource",
        "cannot remove owned resource while borrowed",
    ];
    /// No more memory maps or address space.
    pub(crate) const NO_MEMORY: &str = "os error 12";
    /// Begins the list of a guest's frames, whose names the guest chose.
    pub(crate) const BACKTRACE: &str = "error while executing at wasm backtrace";
}

/// Bytes of standard error that a failure's message quotes.
const QUOTED_BYTES_MAX: usize = 1_024;
/// Frames of a backtrace in a failure's detail.
const FRAMES_MAX: usize = 20;
/// Bytes of one frame's name.
const FRAME_BYTES_MAX: usize = 200;

/// Whether the fuel counter was exact when the error arose. It is not after a fault in the middle
/// of a computation.
pub(crate) fn fuel_is_exact(error: &wasmtime::Error) -> bool {
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel | Trap::UnreachableCodeReached) => true,
        Some(_) => false,
        // Not a trap of computing code: the host stopped the guest inside a call.
        None => {
            error.downcast_ref::<Stop>().is_none_or(|stop| !matches!(stop, Stop::WallTime { .. }))
        }
    }
}

/// The outcome an error stands for. `Err` when the port ended the guest. `world` is the group of limits
/// that the guest was held to: where one was met, the failure says how to set it.
pub(crate) fn outcome(
    error: &wasmtime::Error,
    granted: u64,
    output: &Captured,
    world: &'static str,
) -> Result<Outcome, PortError> {
    if let Some(port) = error.downcast_ref::<PortError>() {
        return Err(port.clone());
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Err(PortError::Capacity("this process has no room for another instance"));
    }
    let failure = stopped(error)
        .or_else(|| exited(error))
        .or_else(|| trapped(error, granted, output))
        .or_else(|| by_message(error));
    match failure {
        Some(mut failure) => {
            if let Some(field) = setting(&failure) {
                failure.message.push_str(&format!("; `--limit {world}.{field}=N` sets another"));
            }
            Ok(Outcome::Failed(failure))
        }
        None if words(error).contains(messages::NO_MEMORY) => {
            Err(PortError::Capacity("the system has no memory maps left for another instance"))
        }
        None => Ok(Outcome::Failed(internal(error))),
    }
}

/// The limit of a guest that a failure is about, as it is named in the table of limits.
fn setting(failure: &Failure) -> Option<&'static str> {
    match (failure.kind, failure.code.as_str()) {
        (FailureKind::TimedOut, "wall-time") => Some("wall_ms"),
        (FailureKind::Limit, code) => match code {
            "memory" => Some("memory_bytes"),
            "table" => Some("table_elements"),
            "fuel" => Some("fuel"),
            "instances" => Some("instances"),
            "memories" => Some("memories"),
            "tables" => Some("tables"),
            "handles" => Some("handles"),
            "host-calls" => Some("host_calls"),
            "host-call-bytes" => Some("host_call_bytes"),
            "random-bytes" => Some("random_bytes"),
            _ => None,
        },
        _ => None,
    }
}

fn stopped(error: &wasmtime::Error) -> Option<Failure> {
    let stop = error.downcast_ref::<Stop>()?;
    let (kind, code) = match stop {
        Stop::Memory { .. } => (FailureKind::Limit, "memory"),
        Stop::Table { .. } => (FailureKind::Limit, "table"),
        Stop::HostCalls { .. } => (FailureKind::Limit, "host-calls"),
        Stop::WallTime { .. } => (FailureKind::TimedOut, "wall-time"),
        Stop::RandomBytes { .. } => (FailureKind::Limit, "random-bytes"),
        Stop::ListItems { .. } => (FailureKind::Limit, "list-items"),
        Stop::ClockWait => (FailureKind::Refused, "clock-wait"),
        Stop::WriteBytes { .. } => (FailureKind::Limit, "write-bytes"),
        Stop::OpenFiles { .. } => (FailureKind::Limit, "open-files"),
        Stop::Sockets => (FailureKind::Refused, "sockets"),
    };
    Some(Failure::new(kind, code, format!("the guest was stopped: {stop}")))
}

fn exited(error: &wasmtime::Error) -> Option<Failure> {
    let I32Exit(status) = error.downcast_ref::<I32Exit>()?;
    let message = format!("the guest exited with status {status} and without a result");
    Some(Failure::new(FailureKind::Failed, "no-result", message))
}

fn trapped(error: &wasmtime::Error, granted: u64, output: &Captured) -> Option<Failure> {
    let trap = error.downcast_ref::<Trap>()?;
    let (kind, code, message) = match trap {
        Trap::OutOfFuel => {
            let message = format!("the guest used up its {granted} units of fuel");
            (FailureKind::Limit, "fuel", message)
        }
        Trap::StackOverflow => {
            let message = "the guest's stack is exhausted: it calls too deep".to_owned();
            (FailureKind::Limit, "stack", message)
        }
        Trap::UnreachableCodeReached => (FailureKind::Failed, "guest-panic", panicked(output)),
        Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer
        | Trap::CannotEnterComponent
        | Trap::CannotLeaveComponent => {
            (FailureKind::Failed, "bad-argument", format!("the guest broke its contract: {trap}"))
        }
        // Nothing of ours interrupts: there are no epochs.
        Trap::Interrupt => return None,
        other => (FailureKind::Failed, "guest-trap", format!("the guest failed: {other}")),
    };
    let failure = Failure::new(kind, code, message);
    let frames = backtrace(error);
    if frames.is_empty() {
        return Some(failure);
    }
    Some(failure.with_detail(serde_json::json!({ "backtrace": frames })))
}

/// The end of what the guest wrote to standard error, where a panic message stands.
fn panicked(output: &Captured) -> String {
    let text = output.stderr.trim();
    if text.is_empty() {
        return "the guest panicked and wrote nothing".into();
    }
    let from = text.ceil_char_boundary(text.len().saturating_sub(QUOTED_BYTES_MAX));
    let tail: String = text
        .get(from..)
        .unwrap_or_default()
        .chars()
        .filter(|character| *character == '\n' || !character.is_control())
        .collect();
    format!("the guest panicked: {tail}")
}

fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| {
        let mut name = match frame.func_name() {
            Some(name) => name.to_owned(),
            None => format!("function {}", frame.func_index()),
        };
        name.truncate(name.floor_char_boundary(FRAME_BYTES_MAX));
        name
    };
    backtrace.frames().iter().take(FRAMES_MAX).map(name).collect()
}

fn by_message(error: &wasmtime::Error) -> Option<Failure> {
    let text = words(error);
    let limit = |code, message: &str| Some(Failure::new(FailureKind::Limit, code, message));
    let full = matches!(error.downcast_ref(), Some(ResourceTableError::Full));
    if full || text.contains(messages::HANDLES) {
        return limit("handles", "the guest holds too many handles");
    }
    if text.contains(messages::HOST_CALL_BYTES) {
        return limit("host-call-bytes", "the guest gave the host too much in one call");
    }
    if text.contains(messages::MEMORY_COUNT) {
        return limit("memories", "the guest has too many memories");
    }
    if text.contains(messages::TABLE_COUNT) {
        return limit("tables", "the guest has too many tables");
    }
    if text.contains(messages::INSTANCE_COUNT) {
        return limit("instances", "the guest has too many core instances");
    }
    if let Some(message) = messages::BAD_ARGUMENTS.iter().find(|message| text.contains(**message)) {
        let message = format!("the guest broke its contract: {message}");
        return Some(Failure::new(FailureKind::Failed, "bad-argument", message));
    }
    None
}

fn internal(error: &wasmtime::Error) -> Failure {
    Failure::new(FailureKind::Internal, "internal", format!("the host failed: {}", words(error)))
}

/// What the engine says, without the names of the guest's functions: a guest could give them the
/// words of another error.
fn words(error: &wasmtime::Error) -> String {
    let links = error.chain().map(ToString::to_string);
    let links: Vec<String> = links.filter(|link| !link.starts_with(messages::BACKTRACE)).collect();
    links.join(": ")
}
