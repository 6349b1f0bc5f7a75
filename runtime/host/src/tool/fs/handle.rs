//! What descriptors of a guest stand for.

use std::fs::File;
use std::sync::Arc;

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::error::Result;

/// A descriptor.
#[derive(Clone, Debug)]
pub(super) enum Handle {
    /// A directory, by its real path inside the root. Whoever uses it looks again what is there.
    Directory(String),
    /// An open regular file.
    File(Arc<OpenFile>),
}

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile {
    /// The file. Its position is used by nobody.
    pub(super) file: File,
    /// Its real path when it was opened.
    pub(super) path: String,
    /// Whether the guest opened it to read.
    pub(super) reads: bool,
    /// Whether the guest opened it to write, and may.
    pub(super) writes: bool,
    /// Counts open files while it lives.
    pub(super) _counted: Arc<()>,
}

impl Handle {
    /// The path of a directory.
    pub(super) fn directory(&self) -> Result<&str> {
        match self {
            Self::Directory(path) => Ok(path),
            Self::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// The file.
    pub(super) fn file(&self) -> Result<&Arc<OpenFile>> {
        match self {
            Self::File(file) => Ok(file),
            Self::Directory(_) => Err(ErrorCode::IsDirectory.into()),
        }
    }

    /// The file, if it was opened to read.
    pub(super) fn to_read(&self) -> Result<&Arc<OpenFile>> {
        let file = self.file()?;
        if file.reads { Ok(file) } else { Err(ErrorCode::BadDescriptor.into()) }
    }

    /// The file, if it was opened to write.
    pub(super) fn to_write(&self) -> Result<&Arc<OpenFile>> {
        let file = self.file()?;
        if file.writes { Ok(file) } else { Err(ErrorCode::NotPermitted.into()) }
    }
}
