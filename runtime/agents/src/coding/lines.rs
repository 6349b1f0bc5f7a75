//! Lines of a program, held against limits.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Bytes of one line. A line holds at most a file that an agent read or an image it was shown.
pub(crate) const LINE_BYTES_MAX: usize = 16 << 20;

/// Bytes of one attempt.
const ALL_BYTES_MAX: u64 = 1 << 30;

/// Why no further line comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The program closed its standard output.
    Closed,
    /// It wrote more than it may.
    TooMuch(&'static str),
}

/// Reads lines.
pub(crate) struct Lines<R> {
    from: BufReader<R>,
    /// What has come of the next line. Kept here because a read may be given up half way.
    line: Vec<u8>,
    line_bytes_max: usize,
    left: u64,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        let from = BufReader::with_capacity(64 << 10, from);
        Self { from, line: Vec::new(), line_bytes_max: LINE_BYTES_MAX, left: ALL_BYTES_MAX }
    }

    /// The next whole line, without its end. A last line without an end is none. May be dropped and
    /// called again: nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, End> {
        loop {
            let part = self.from.fill_buf().await.map_err(|_| End::Closed)?;
            if part.is_empty() {
                return Err(End::Closed);
            }
            let stop = part.iter().position(|byte| *byte == b'\n');
            let text = part.get(..stop.unwrap_or(part.len())).unwrap_or_default();
            if self.line.len() + text.len() > self.line_bytes_max {
                return Err(End::TooMuch("line-bytes"));
            }
            self.line.extend_from_slice(text);
            let used = text.len() + usize::from(stop.is_some());
            self.left = match self.left.checked_sub(used as u64) {
                Some(left) => left,
                None => return Err(End::TooMuch("stdout-bytes")),
            };
            self.from.consume(used);
            if stop.is_some() {
                return Ok(std::mem::take(&mut self.line));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_whole_and_bounded() {
        let mut lines = Lines::new(&b"one\n\ntwo\nrest"[..]);
        for expected in ["one", "", "two"] {
            assert_eq!(lines.next().await.unwrap(), expected.as_bytes());
        }
        assert_eq!(lines.next().await, Err(End::Closed));

        let mut lines = Lines::new(&b"12345\n123456\n"[..]);
        lines.line_bytes_max = 5;
        assert_eq!(lines.next().await.unwrap(), b"12345");
        assert_eq!(lines.next().await, Err(End::TooMuch("line-bytes")));

        let mut lines = Lines::new(&b"123\n456\n"[..]);
        lines.left = 7;
        assert_eq!(lines.next().await.unwrap(), b"123");
        assert_eq!(lines.next().await, Err(End::TooMuch("stdout-bytes")));
    }
}
