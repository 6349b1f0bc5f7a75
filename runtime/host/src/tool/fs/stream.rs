//! Reading and writing files as streams, and how much is written.

use std::io::IoSlice;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags, pwritev2};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::error::{Fault, Result};
use super::handle::OpenFile;
use crate::limiter::Stop;
use crate::meter::Meter;

/// Bytes that are read or written at once.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// What a call has written to files.
#[derive(Debug)]
pub(super) struct Written {
    bytes: AtomicU64,
    max: u64,
}

impl Written {
    /// Nothing yet.
    pub(super) fn new(max: u64) -> Self {
        Self { bytes: AtomicU64::new(0), max }
    }

    /// Begins a further call.
    pub(super) fn renew(&self) {
        self.bytes.store(0, Relaxed);
    }

    /// Counts bytes before they are written.
    pub(super) fn charge(&self, bytes: u64) -> std::result::Result<(), Stop> {
        let total = self.bytes.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if total > self.max { Err(Stop::WriteBytes { max: self.max }) } else { Ok(()) }
    }

    /// Writes at a place. A hole that this leaves in the file counts as written: a file system may
    /// fill it, and whoever copies the file does.
    pub(super) fn write_at(&self, file: &OpenFile, bytes: &[u8], offset: u64) -> Result<usize> {
        let length = file.file.metadata()?.len();
        self.charge((bytes.len() as u64).saturating_add(offset.saturating_sub(length)))?;
        retried(|| file.file.write_at(bytes, offset).map_err(Fault::from))
    }

    /// Writes at the end, wherever that is by now.
    fn append(&self, file: &OpenFile, bytes: &[u8]) -> Result<usize> {
        self.charge(bytes.len() as u64)?;
        let slices = [IoSlice::new(bytes)];
        retried(|| Ok(pwritev2(&file.file, &slices, 0, ReadWriteFlags::APPEND)?))
    }

    /// Makes a file longer or shorter.
    pub(super) fn set_size(&self, file: &OpenFile, size: u64) -> Result<()> {
        self.charge(size.saturating_sub(file.file.metadata()?.len()))?;
        Ok(file.file.set_len(size)?)
    }
}

/// Reads at a place; nothing at the end of the file.
pub(super) fn read_at(file: &OpenFile, size: usize, offset: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; size.min(CHUNK_BYTES)];
    let read = retried(|| file.file.read_at(&mut bytes, offset).map_err(Fault::from))?;
    bytes.truncate(read);
    Ok(bytes)
}

fn retried<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    let interrupted = super::error::code(Errno::INTR);
    loop {
        match call() {
            Err(Fault::Plain(code)) if code == interrupted => {}
            done => return done,
        }
    }
}

/// A file that is read from a place on.
pub(super) struct Reader {
    pub(super) file: Arc<OpenFile>,
    pub(super) offset: u64,
    pub(super) meter: Arc<Meter>,
}

#[async_trait]
impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.meter.call().map_err(|stop| StreamError::Trap(stop.into()))?;
        if size == 0 {
            return Ok(Bytes::new());
        }
        let bytes = read_at(&self.file, size, self.offset).map_err(failed)?;
        if bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        Ok(bytes.into())
    }
}

#[async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

/// A file that is written from a place on, or at its end.
pub(super) struct Writer {
    pub(super) file: Arc<OpenFile>,
    /// None: at the end.
    pub(super) offset: Option<u64>,
    pub(super) written: Arc<Written>,
    pub(super) meter: Arc<Meter>,
}

#[async_trait]
impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.meter.call().map_err(|stop| StreamError::Trap(stop.into()))?;
        if bytes.len() > CHUNK_BYTES {
            return Err(StreamError::trap("more was written than the stream said it takes"));
        }
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            let done = match &mut self.offset {
                Some(offset) => {
                    let done = self.written.write_at(&self.file, rest, *offset).map_err(failed)?;
                    *offset = offset.saturating_add(done as u64);
                    done
                }
                None => self.written.append(&self.file, rest).map_err(failed)?,
            };
            rest = rest.get(done..).unwrap_or_default();
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(CHUNK_BYTES)
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

/// A failure as streams tell it. `filesystem-error-code` finds the code in it.
fn failed(fault: Fault) -> StreamError {
    match fault {
        Fault::Plain(code) | Fault::Outside(code) => StreamError::LastOperationFailed(code.into()),
        Fault::Changed => StreamError::LastOperationFailed(super::error::code(Errno::BUSY).into()),
        Fault::Stop(stop) => StreamError::Trap(stop.into()),
    }
}
