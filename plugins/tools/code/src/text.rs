//! Text and bytes.

/// How far to look for a NUL.
const PROBE_BYTES: usize = 8 << 10;

/// Whether bytes are not text: there is a NUL near their beginning.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(PROBE_BYTES).any(|byte| *byte == 0)
}

/// The beginning of a text, at most `bytes_max` long, cut between characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
