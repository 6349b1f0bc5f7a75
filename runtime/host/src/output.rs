//! Standard output and standard error of a guest: a part is kept, the rest is counted.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::end::Captured;
use crate::meter::Meter;

/// What `check-write` answers, always: a number that followed the state of a buffer would be a way
/// to observe the host.
const PERMIT_BYTES: usize = 64 << 10;

/// Which part of a stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    First,
    Last,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    dropped: u64,
}

/// One stream. Clones write to the same place.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    kept: Arc<Mutex<Kept>>,
    keep: Keep,
    max: usize,
    meter: Arc<Meter>,
}

impl Sink {
    fn new(keep: Keep, max: usize, meter: Arc<Meter>) -> Self {
        let kept = Arc::new(Mutex::new(Kept { bytes: Vec::new(), dropped: 0 }));
        Self { kept, keep, max, meter }
    }

    fn add(&self, new: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = match self.keep {
            Keep::First => {
                let room = self.max.saturating_sub(kept.bytes.len());
                let (keep, drop) = new.split_at(room.min(new.len()));
                kept.bytes.extend_from_slice(keep);
                drop.len()
            }
            Keep::Last => {
                kept.bytes.extend_from_slice(new);
                let over = kept.bytes.len().saturating_sub(self.max);
                kept.bytes.drain(..over);
                over
            }
        };
        kept.dropped = kept.dropped.saturating_add(dropped as u64);
    }

    fn take(&self) -> (String, u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut kept.bytes);
        (String::from_utf8_lossy(&bytes).into_owned(), std::mem::take(&mut kept.dropped))
    }
}

/// Both streams of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Keeps its first bytes.
    pub(crate) stdout: Sink,
    /// Keeps its last bytes: a panic message comes last, after any flood.
    pub(crate) stderr: Sink,
}

impl Output {
    /// Streams that keep `max` bytes together, half of it each.
    pub(crate) fn new(max: u64, meter: &Arc<Meter>) -> Self {
        let half = usize::try_from(max / 2).unwrap_or(usize::MAX);
        Self {
            stdout: Sink::new(Keep::First, half, Arc::clone(meter)),
            stderr: Sink::new(Keep::Last, half, Arc::clone(meter)),
        }
    }

    /// What was written since this was asked last.
    pub(crate) fn take(&self) -> Captured {
        let (stdout, out_dropped) = self.stdout.take();
        let (stderr, err_dropped) = self.stderr.take();
        Captured { stdout, stderr, dropped: out_dropped.saturating_add(err_dropped) }
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    // Only WASI 0.3 asks for this form, and it is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.meter.call().map_err(|stop| StreamError::Trap(stop.into()))?;
        self.add(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use baton_core::limits::GuestLimits;

    use super::*;

    #[test]
    fn stdout_keeps_its_beginning_and_stderr_its_end() {
        let mut output = Output::new(8, &Meter::new(&GuestLimits::default()));
        for part in ["abc", "def"] {
            output.stdout.write(part.into()).unwrap();
            output.stderr.write(part.into()).unwrap();
            assert_eq!(output.stdout.check_write().unwrap(), PERMIT_BYTES);
        }
        let expected = Captured { stdout: "abcd".into(), stderr: "cdef".into(), dropped: 4 };
        assert_eq!(output.take(), expected);
    }

    #[test]
    fn writes_count_as_calls() {
        let limits = GuestLimits { host_calls: 1, ..GuestLimits::default() };
        let mut output = Output::new(8, &Meter::new(&limits));
        output.stdout.write("a".into()).unwrap();
        assert!(matches!(output.stderr.write("b".into()), Err(StreamError::Trap(_))));
    }
}
