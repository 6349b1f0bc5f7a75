//! Small tools for text: lines, hashes, words, cuts.

use crate::report::Lines;

/// Where lines begin.
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// Number of the line that holds a byte offset, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// Lines of a byte range; an empty range counts as one byte.
    pub fn lines(&self, range: &std::ops::Range<usize>) -> Lines {
        let first = self.line(range.start);
        let last = self.line(range.end.saturating_sub(1).max(range.start));
        Lines { first, last }
    }
}

/// Text of lines, with the ends between them but not after the last.
pub fn excerpt(text: &str, lines: Lines) -> Option<&str> {
    let mut start = 0;
    let mut number = 1;
    while number < lines.first {
        start += text.get(start..)?.find('\n')? + 1;
        number += 1;
    }
    let mut end = start;
    loop {
        let line = text.get(end..)?.find('\n');
        match line {
            Some(at) if number < lines.last => end += at + 1,
            Some(at) => return text.get(start..end + at),
            None if number == lines.last => return text.get(start..),
            None => return None,
        }
        number += 1;
    }
}

/// The first bytes of a text, cut between characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// FNV-1a with a final mix: spreads well enough for sketches and is the same everywhere.
pub fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// Spreads every bit over all others.
pub fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Words in lower case: runs of letters and digits, apostrophes inside kept out.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|word| word.replace(['\'', '’'], "").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Undoes percent-encoding. What is no valid encoding stays as it is; none if the result is not
/// UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%'
            && let (Some(high), Some(low)) = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)))
            && let Ok(value) = u8::try_from(high * 16 + low)
        {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}
