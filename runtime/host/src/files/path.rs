//! Paths of guests, checked as text.

use super::error::{Result, invalid_path};

/// Checks a path before the disk is touched: relative, `/` between parts, no `.`, `..` or empty
/// part. Backslashes are refused so that a path means the same on every system.
pub(super) fn check(path: &str, limit: u64) -> Result<()> {
    let (code, message) = if path.is_empty() {
        ("empty-path", "the path is empty")
    } else if path.len() as u64 > limit {
        ("path-too-long", "the path is longer than the limit")
    } else if path.contains('\0') {
        ("nul", "the path contains a NUL character")
    } else if path.contains('\\') {
        ("backslash", "the path contains a backslash")
    } else if path.starts_with('/') {
        ("absolute-path", "the path is absolute")
    } else if path.split('/').any(|part| part == "..") {
        ("parent-part", "the path contains a `..` part")
    } else if path.split('/').any(|part| part == ".") {
        ("dot-part", "the path contains a `.` part")
    } else if path.contains("//") {
        ("empty-part", "the path contains an empty part")
    } else if path.ends_with('/') {
        ("trailing-slash", "the path ends with a slash")
    } else {
        return Ok(());
    };
    Err(invalid_path(code, message))
}

/// The path of a name in a directory; the root's path is empty.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.into() } else { format!("{directory}/{name}") }
}

/// The directories above a path, nearest to the root first, without the root itself.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(index, _)| path.get(..index))
}
