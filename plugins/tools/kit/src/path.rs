//! Paths inside the root, as text.

use baton_guest::ToolError;

/// Longest path in bytes.
const PATH_BYTES_MAX: usize = 4_096;

/// The path with its empty and `.` parts taken out; empty for the root itself.
///
/// # Errors
/// When it is absolute, holds `..` or NUL, or is too long.
pub fn inside(path: &str) -> Result<String, ToolError> {
    let wrong = |what: &str| {
        let shown: String = path.chars().take(200).collect();
        Err(ToolError::invalid_input("invalid-path", format!("the path {shown:?} {what}")))
    };
    if path.len() > PATH_BYTES_MAX {
        return wrong("is too long");
    }
    if path.starts_with('/') {
        return wrong("is absolute; paths are relative to the granted directory");
    }
    if path.contains('\0') {
        return wrong("holds a NUL");
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return wrong("holds `..`"),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The last part.
#[must_use]
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The directory of a file; empty for one at the root.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The extension in lower case; empty if there is none.
#[must_use]
pub fn extension(path: &str) -> String {
    name(path)
        .rsplit_once('.')
        .filter(|(stem, _)| !stem.is_empty())
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}
