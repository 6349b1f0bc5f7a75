//! Texts of others in a few words, for messages.

/// Characters of a guest's text that a message repeats.
const SHORT_CHARS: usize = 80;

/// The text as far as a message repeats it.
pub(crate) fn shorten(text: &str) -> String {
    shorten_to(text, SHORT_CHARS)
}

/// At most so many characters of the text, and whether there were more.
pub(crate) fn shorten_to(text: &str, chars: usize) -> String {
    let mut short: String = text.chars().take(chars).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
