//! Taking a line apart.

/// The identifier at the beginning, and what follows it; none if there is none.
pub fn word(text: &str) -> Option<(&str, &str)> {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let begins = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    word.starts_with(begins).then_some((word, rest))
}

/// What follows a keyword and the space behind it.
pub fn keyword<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let (found, rest) = word(text)?;
    (found == wanted).then(|| rest.trim_start())
}

/// What follows any of these words, however many there are.
pub fn past<'a>(mut text: &'a str, modifiers: &[&str]) -> &'a str {
    loop {
        match word(text) {
            // A modifier that nothing follows is a name.
            Some((found, rest)) if modifiers.contains(&found) && rest.starts_with(' ') => {
                text = rest.trim_start();
            }
            _ => return text,
        }
    }
}

/// What follows a bracketed group at the beginning: `text` begins with `open`.
pub fn past_group(text: &str, open: char, close: char) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return text.get(at + letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    ""
}

/// The identifier at the end of a text.
pub fn last_word(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '$'))
        .last()?
        .0;
    text.get(start..).filter(|word| word.starts_with(|c: char| !c.is_ascii_digit()))
}
