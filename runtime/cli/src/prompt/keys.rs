//! What a person types: standard input as it comes, and the line that is made of it.

use std::io::Read as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use tokio::sync::mpsc;

/// Pieces that may wait to be taken.
const WAITING_MAX: usize = 16;
/// Bytes that are read at once.
const PIECE: usize = 4 << 10;
/// Bytes of a line; what is typed beyond is not taken.
const LINE_MAX: usize = 1 << 20;

/// Standard input, which is not read before the first question.
#[derive(Default)]
pub struct Keys {
    pieces: Option<mpsc::Receiver<Vec<u8>>>,
    ended: bool,
}

impl Keys {
    /// Begins to read. A read cannot be taken back, so that it has a thread of its own, which ends with
    /// the process.
    pub fn open(&mut self) {
        if self.pieces.is_some() || self.ended {
            return;
        }
        let (piece, pieces) = mpsc::channel(WAITING_MAX);
        std::thread::spawn(move || {
            let mut bytes = [0; PIECE];
            while let Ok(count @ 1..) = std::io::stdin().lock().read(&mut bytes) {
                let read = bytes.get(..count).unwrap_or_default().to_vec();
                if piece.blocking_send(read).is_err() {
                    break;
                }
            }
        });
        self.pieces = Some(pieces);
    }

    /// Whether something may come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pieces.is_some()
    }

    /// The next piece; none: no more will come.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        let piece = match &mut self.pieces {
            Some(pieces) => pieces.recv().await,
            None => None,
        };
        if piece.is_none() {
            self.pieces = None;
            self.ended = true;
        }
        piece
    }
}

/// The line that is being typed.
#[derive(Debug, Default)]
pub struct Editor {
    typed: String,
    /// The beginning of a character.
    partial: Vec<u8>,
    escape: Escape,
}

/// Where in a sequence of a key without a character the last byte was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    Sequence,
}

/// What comes of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line was ended.
    Line(String),
    /// The end of all input was typed, with nothing before it.
    End,
}

impl Editor {
    /// What was typed of the line so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.typed
    }

    /// Forgets it.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in a piece.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Typed> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    fn byte(&mut self, byte: u8) -> Option<Typed> {
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Sequence,
            (Escape::Sequence, b'@'..=b'~') | (Escape::Begun, _) => self.escape = Escape::None,
            (Escape::Sequence, _) => {}
            (Escape::None, 0x1b) => self.escape = Escape::Begun,
            (Escape::None, b'\n' | b'\r') => {
                self.partial.clear();
                return Some(Typed::Line(std::mem::take(&mut self.typed)));
            }
            // Ctrl-D.
            (Escape::None, 0x04) => return self.typed.is_empty().then_some(Typed::End),
            // Backspace, Ctrl-U, Ctrl-W.
            (Escape::None, 0x08 | 0x7f) => _ = self.typed.pop(),
            (Escape::None, 0x15) => self.typed.clear(),
            (Escape::None, 0x17) => {
                let before = |(at, c): (usize, char)| c.is_whitespace().then(|| at + c.len_utf8());
                let kept = self.typed.trim_end().char_indices().rev().find_map(before);
                self.typed.truncate(kept.unwrap_or_default());
            }
            (Escape::None, b'\t' | b' '..) => self.character(byte),
            (Escape::None, _) => {}
        }
        None
    }

    fn character(&mut self, byte: u8) {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(character) if self.typed.len() < LINE_MAX => self.typed.push_str(character),
            // More bytes are to come.
            Err(error) if error.error_len().is_none() => return,
            _ => {}
        }
        self.partial.clear();
    }
}

/// How the terminal was, while it is otherwise.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// As long as this is there the terminal hands over every key at once and shows none: whoever draws on
/// it does. Ctrl-C and the like are signals all the same.
#[derive(Debug)]
pub struct Quiet(());

impl Quiet {
    /// Begins; none: the terminal does not allow it, and keys come line by line.
    #[must_use]
    pub fn begin() -> Option<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Now, &quiet).ok()?;
        before_it().get_or_insert(before);
        Some(Self(()))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was. Whoever ends the process without further ado calls it before.
pub fn give_back() {
    if let Some(before) = before_it().take() {
        // A terminal that has gone needs nothing.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
    }
}

fn before_it() -> MutexGuard<'static, Option<Termios>> {
    // It is replaced whole.
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_made_of_keys() {
        let line = |text: &str| Typed::Line(text.into());
        for (keys, text, typed) in [
            ("yes", "yes", vec![]),
            ("yes\r", "", vec![line("yes")]),
            ("n: \u{fc}ber\nmore", "more", vec![line("n: \u{fc}ber")]),
            ("yess\u{7f}x\u{8}", "yes", vec![]),
            ("one two  \u{17}", "one ", vec![]),
            ("one\u{3000}two\u{17}", "one\u{3000}", vec![]),
            ("\u{17}\u{7f}", "", vec![]),
            ("one\u{15}two", "two", vec![]),
            ("a\u{4}b", "ab", vec![]),
            ("\u{4}", "", vec![Typed::End]),
            // Arrows, Delete, F1, and Escape with a letter.
            ("a\u{1b}[D\u{1b}[3~\u{1b}OP\u{1b}xb", "ab", vec![]),
            ("a\u{0}\u{7}\tb", "a\tb", vec![]),
            ("\n\n", "", vec![line(""), line("")]),
        ] {
            let mut editor = Editor::default();
            assert_eq!(editor.feed(keys.as_bytes()), typed, "{keys:?}");
            assert_eq!(editor.text(), text, "{keys:?}");
        }
    }

    #[test]
    fn a_character_may_come_in_pieces() {
        let mut editor = Editor::default();
        for byte in "grün 木".bytes() {
            assert!(editor.feed(&[byte]).is_empty());
        }
        assert_eq!(editor.text(), "grün 木");
        // What is none is left out.
        assert!(editor.feed(b"\xff\xc3(ok").is_empty());
        assert!(editor.text().ends_with("ok"), "{:?}", editor.text());
        editor.clear();
        assert_eq!(editor.text(), "");
    }
}
