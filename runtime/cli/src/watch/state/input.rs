//! A line of text that is being written.

use baton_core::run::MESSAGE_BYTES_MAX;

use crate::text::clean;
use crate::watch::key::Key;

/// A line of text and where the cursor stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// In bytes, always between two characters.
    at: usize,
}

impl Input {
    /// A line that begins with a text, the cursor behind it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at: text.len(), text }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text left of the cursor.
    #[must_use]
    pub fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// Takes a key in; whether it meant something.
    pub fn key(&mut self, key: &Key) -> bool {
        match key {
            Key::Char(letter) => self.insert(&letter.to_string()),
            Key::Paste(text) => self.insert(text),
            Key::Backspace => {
                let before = self.before().chars().next_back().map_or(0, char::len_utf8);
                self.at -= before;
                self.text.replace_range(self.at..self.at + before, "");
            }
            Key::Delete => {
                let after = self.after().map_or(0, char::len_utf8);
                self.text.replace_range(self.at..self.at + after, "");
            }
            Key::Left => self.at -= self.before().chars().next_back().map_or(0, char::len_utf8),
            Key::Right => self.at += self.after().map_or(0, char::len_utf8),
            Key::Home | Key::Ctrl('a') => self.at = 0,
            Key::End | Key::Ctrl('e') => self.at = self.text.len(),
            Key::Ctrl('u') => {
                self.text.replace_range(..self.at, "");
                self.at = 0;
            }
            Key::Ctrl('w') => {
                let kept = self.before().trim_end();
                let start = kept.rfind(' ').map_or(0, |space| space + 1);
                self.text.replace_range(start..self.at, "");
                self.at = start;
            }
            _ => return false,
        }
        true
    }

    fn after(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn insert(&mut self, text: &str) {
        let text = clean(text);
        if self.text.len() + text.len() <= MESSAGE_BYTES_MAX {
            self.text.insert_str(self.at, &text);
            self.at += text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_and_corrected() {
        let mut input = Input::new("grün");
        for key in [
            Key::Left,
            Key::Backspace,
            Key::Char('u'),
            Key::End,
            Key::Paste(" and\x1b[2J\u{202e} blue".into()),
            Key::Ctrl('w'),
            Key::Char('!'),
        ] {
            assert!(input.key(&key), "{key:?}");
        }
        assert_eq!(input.text(), "grun and[2J !");
        for key in [Key::Home, Key::Delete, Key::Right, Key::Ctrl('u'), Key::Ctrl('e')] {
            assert!(input.key(&key), "{key:?}");
        }
        assert_eq!(input.text(), "un and[2J !");
        assert_eq!(input.before(), input.text());
        assert!(!input.key(&Key::Enter));
    }

    #[test]
    fn a_text_has_an_end() {
        let mut input = Input::default();
        input.key(&Key::Paste("x".repeat(MESSAGE_BYTES_MAX)));
        input.key(&Key::Char('y'));
        assert_eq!(input.text().len(), MESSAGE_BYTES_MAX);
        assert!(!input.text().contains('y'));
    }
}
