//! What is kept of what a program writes.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes read at once.
const CHUNK_BYTES: usize = 16 << 10;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Everything. A program that writes more bytes is killed.
    All(usize),
    /// So many bytes of the end.
    End(usize),
    /// So many bytes: of the beginning one half and of the end the other.
    Both(usize),
}

/// What was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The beginning, or everything.
    pub first: Vec<u8>,
    /// Bytes that were left out after it.
    pub left_out: u64,
    /// The end, where it is kept apart from the beginning.
    pub last: Vec<u8>,
}

/// More was written than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

impl Keep {
    /// Reads to the end, which is also an error: a pipe that fails has no more to say.
    pub(super) async fn read(self, from: Option<impl AsyncRead + Unpin>) -> Result<Kept, TooMuch> {
        let mut kept = Kept::default();
        let Some(mut from) = from else { return Ok(kept) };
        let mut chunk = vec![0; CHUNK_BYTES];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            kept.add(self, chunk.get(..count).unwrap_or_default())?;
        }
        Ok(kept)
    }
}

impl Kept {
    /// Adds what was written next.
    pub(super) fn add(&mut self, keep: Keep, bytes: &[u8]) -> Result<(), TooMuch> {
        let (first_max, last_max) = match keep {
            Keep::All(max) if self.first.len() + bytes.len() > max => return Err(TooMuch),
            Keep::All(max) => (max, 0),
            Keep::End(max) => (0, max),
            Keep::Both(max) => (max - max / 2, max / 2),
        };
        let room = first_max.saturating_sub(self.first.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.first.extend_from_slice(first);
        self.last.extend_from_slice(rest);
        let surplus = self.last.len().saturating_sub(last_max);
        self.last.drain(..surplus);
        self.left_out = self.left_out.saturating_add(surplus as u64);
        Ok(())
    }
}
