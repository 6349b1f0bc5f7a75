//! What a text says to those who look for it, and to nobody else.

use std::fmt::Write as _;

use baton_guest::ToolError;

/// Longest key in bytes.
const KEY_BYTES_MAX: usize = 200;

/// The mark that stands for a key: an HTML comment, which no page shows.
///
/// # Errors
/// When the key is empty or too long.
pub fn marker(key: &str) -> Result<String, ToolError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let message = format!("a key has 1 to {KEY_BYTES_MAX} bytes");
        return Err(ToolError::invalid_input("invalid-key", message));
    }
    let mut text = String::from("<!-- baton-key: ");
    for byte in key.bytes() {
        // Two dashes, or a bracket, would end the comment.
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'/' => text.push(byte.into()),
            byte => {
                // Writing to a string does not fail.
                let _ = write!(text, "%{byte:02x}");
            }
        }
    }
    text.push_str(" -->");
    Ok(text)
}

/// A text with a mark at its end.
pub fn marked(text: &str, marker: Option<&str>) -> String {
    match marker {
        Some(marker) => format!("{}\n\n{marker}", text.trim_end()),
        None => text.to_owned(),
    }
}
