//! The granted directory.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use baton_guest::ToolError;

use crate::path;

/// Largest file that is read whole, in bytes.
pub const FILE_BYTES_MAX: u64 = 8 << 20;

/// The granted directory. Inside of a component it is `/`; what the grant leaves out is not there.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The directory at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory that was granted to this component.
    #[must_use]
    pub fn granted() -> Self {
        Self::new("/")
    }

    /// Where a path is for the operating system.
    ///
    /// # Errors
    /// When it leaves the directory.
    pub fn locate(&self, path: &str) -> Result<PathBuf, ToolError> {
        Ok(self.root.join(path::inside(path)?))
    }

    /// The directory itself, for the operating system.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is a regular file.
    #[must_use]
    pub fn is_file(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|place| place.is_file())
    }

    /// Whether there is a directory.
    #[must_use]
    pub fn is_directory(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|place| place.is_dir())
    }

    /// The bytes of a file of at most `bytes_max`.
    ///
    /// # Errors
    /// When nothing is there, it is no file, it is larger, or it cannot be read.
    pub fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, ToolError> {
        let place = self.locate(path)?;
        let file = File::open(&place).map_err(|error| failed(path, &error))?;
        if !file.metadata().map_err(|error| failed(path, &error))?.is_file() {
            return Err(ToolError::invalid_input("not-a-file", format!("`{path}` is no file")));
        }
        let mut bytes = Vec::new();
        file.take(bytes_max.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| failed(path, &error))?;
        if bytes.len() as u64 > bytes_max {
            let message = format!("`{path}` is larger than {bytes_max} bytes");
            return Err(ToolError::failed("too-large", message));
        }
        Ok(bytes)
    }

    /// A file as text.
    ///
    /// # Errors
    /// As [`Tree::read`], and when it is not UTF-8.
    pub fn read_text(&self, path: &str) -> Result<String, ToolError> {
        String::from_utf8(self.read(path, FILE_BYTES_MAX)?)
            .map_err(|_| ToolError::failed("not-text", format!("`{path}` is not UTF-8 text")))
    }
}

/// An error of the operating system, at a path inside the root.
pub(crate) fn failed(path: &str, error: &std::io::Error) -> ToolError {
    let shown = if path.is_empty() { "." } else { path };
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            let message = format!("`{shown}` is not there, or was not granted");
            ToolError::invalid_input("not-found", message)
        }
        ErrorKind::PermissionDenied => {
            ToolError::denied("not-granted", format!("`{shown}` was not granted"))
        }
        _ => ToolError::failed("io", format!("`{shown}`: {error}")),
    }
}
