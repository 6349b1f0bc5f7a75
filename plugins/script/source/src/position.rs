//! Places in a script, as people count them.

use serde::{Deserialize, Serialize};

/// A place in a script file: line and column, both counted from 1. A column counts characters
/// (Unicode scalar values), a tab being one; a byte-order mark counts as none. Lines end with
/// LF, CR LF or CR, as in an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// Where the lines of a text begin, to turn offsets into positions.
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Byte offset of the first character of every line; never empty.
    starts: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes, so that a script of one
    /// long line needs no count from its beginning for every position.
    before: Vec<usize>,
}

/// The size of a counted block, in bytes.
const BLOCK: usize = 256;

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        let mut before = Vec::with_capacity(bytes.len() / BLOCK + 1);
        let mut sum = 0;
        for block in bytes.chunks(BLOCK) {
            before.push(sum);
            sum += begun(block);
        }
        before.push(sum);
        Self { text, starts, before }
    }

    /// The position of the character that holds the byte `offset`; past the end, the place after
    /// the last character.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let index = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(index).copied().unwrap_or(0);
        // A character begins with its first byte, so the one that holds `offset` has begun.
        let column = self.begun_before(offset + 1).max(1) - self.begun_before(start) - 1;
        Position { line: count(index) + 1, column: count(column) + 1 }
    }

    /// How many characters begin before the byte `offset`; one more than there are for an offset
    /// past the end.
    fn begun_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let block = offset.min(bytes.len()) / BLOCK;
        let rest = bytes.get(block * BLOCK..offset.min(bytes.len())).unwrap_or_default();
        self.before.get(block).copied().unwrap_or(0)
            + begun(rest)
            + usize::from(offset > bytes.len())
    }

    /// The line `number` (from 1) without its end, if there is one.
    pub(crate) fn line(&self, number: usize) -> Option<&'a str> {
        let index = number.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        Some(self.text.get(start..end)?.trim_end_matches(['\n', '\r']))
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }
}

/// How many characters begin in these bytes of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// A count of at most [`crate::SOURCE_BYTES_MAX`], which always fits.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
