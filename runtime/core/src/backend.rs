//! Names of backends: how one begins says of what kind it is.

/// How components of the program begin.
pub const COMPONENT: &str = "component:";
/// How programs begin that take a task on standard input.
pub const COMMAND: &str = "command:";
/// How programs begin that speak the Agent Client Protocol.
pub const ACP: &str = "acp:";

/// Kind and command line of a backend that is a program of the machine; none: it is something else.
#[must_use]
pub fn program_of(backend: &str) -> Option<(&'static str, &str)> {
    [COMMAND, ACP].into_iter().find_map(|kind| Some((kind, backend.strip_prefix(kind)?)))
}
