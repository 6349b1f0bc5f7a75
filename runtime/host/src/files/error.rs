//! The errors of this module, each made in one place.

use std::io;

use baton_core::files::{FileError, FileErrorKind as Kind};
use rustix::io::Errno;

/// Result of a file operation.
pub(super) type Result<T> = std::result::Result<T, FileError>;

pub(super) fn invalid_path(code: &str, message: &str) -> FileError {
    FileError::new(Kind::InvalidPath, code, message)
}

pub(super) fn invalid_query(code: &str, message: impl Into<String>) -> FileError {
    FileError::new(Kind::InvalidQuery, code, message)
}

pub(super) fn out_of_scope(path: &str) -> FileError {
    let message = format!("{path:?} is outside the scope");
    FileError::new(Kind::Denied, "out-of-scope", message)
}

pub(super) fn link_outside(path: &str) -> FileError {
    let message = format!("{path:?} leads through a link out of the root");
    FileError::new(Kind::Denied, "link-outside", message)
}

pub(super) fn link_dangling(path: &str) -> FileError {
    let message = format!("{path:?} is a link that leads nowhere");
    FileError::new(Kind::Denied, "link-dangling", message)
}

pub(super) fn link_loop(path: &str) -> FileError {
    let message = format!("{path:?} leads through too many links");
    FileError::new(Kind::Denied, "link-loop", message)
}

pub(super) fn not_found(path: &str) -> FileError {
    FileError::new(Kind::NotFound, "not-found", format!("there is no {path:?}"))
}

pub(super) fn is_directory(path: &str) -> FileError {
    let message = format!("{path:?} is a directory");
    FileError::new(Kind::WrongKind, "is-directory", message)
}

pub(super) fn not_directory(path: &str) -> FileError {
    let message = format!("a part of {path:?} that should be a directory is none");
    FileError::new(Kind::WrongKind, "not-directory", message)
}

pub(super) fn not_regular(path: &str) -> FileError {
    let message = format!("{path:?} is a device, FIFO or socket");
    FileError::new(Kind::NotRegular, "not-regular", message)
}

pub(super) fn kernel_file_system(path: &str) -> FileError {
    let message = format!("{path:?} is on a file system that the kernel makes up");
    FileError::new(Kind::NotRegular, "kernel-file-system", message)
}

pub(super) fn too_deep(path: &str) -> FileError {
    let limit = super::DEPTH_MAX;
    let message = format!("{path:?} is more than {limit} directories deep");
    FileError::new(Kind::InvalidPath, "too-deep", message)
}

pub(super) fn file_too_large(path: &str, size: u64, limit: u64) -> FileError {
    let message = format!("{path:?} has {size} bytes, the limit is {limit}");
    FileError::new(Kind::TooLarge, "file-too-large", message)
}

pub(super) fn ignore_files_too_large() -> FileError {
    let limit = super::IGNORE_BYTES_MAX;
    let message = format!(
        "the .gitignore and .ignore files have more than {limit} bytes together; \
         the option `ignored` lists without them"
    );
    FileError::new(Kind::TooLarge, "ignore-files-too-large", message)
}

pub(super) fn changed(path: &str) -> FileError {
    let message = format!("{path:?} was replaced while it was being opened");
    FileError::new(Kind::Io, "changed", message)
}

/// What a failure of the operating system means for a guest.
pub(super) fn io_failed(path: &str, error: &io::Error) -> FileError {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => not_found(path),
        Some(Errno::NOTDIR) => not_directory(path),
        Some(Errno::ISDIR) => is_directory(path),
        // We never open a name that was a link when it was looked at, so one has just appeared; or
        // what was a link when it was looked at is none now.
        Some(Errno::LOOP | Errno::STALE | Errno::INVAL) => changed(path),
        // The library's own word for a link out of the directory it was asked about.
        None if error.kind() == io::ErrorKind::PermissionDenied => changed(path),
        Some(Errno::NAMETOOLONG) => {
            invalid_path("name-too-long", "a part of the path is too long for a name")
        }
        // What opening a socket or a device without a driver says.
        Some(Errno::NXIO | Errno::NODEV) => not_regular(path),
        Some(Errno::ACCESS | Errno::PERM) => {
            let message = format!("the operating system does not let Baton read {path:?}");
            FileError::new(Kind::Io, "permission-denied", message)
        }
        _ => {
            let message = format!("the operating system failed to read {path:?}");
            FileError::new(Kind::Io, "io-failed", message)
        }
    }
}

/// Whether a listing or search passes over what failed so: it is not there for us, and failing
/// would let one file of another user hide all others.
pub(super) fn passed_over(error: &FileError) -> bool {
    match error.kind {
        Kind::Denied
        | Kind::NotFound
        | Kind::WrongKind
        | Kind::NotRegular
        | Kind::InvalidPath
        | Kind::TooLarge => true,
        Kind::Io => error.code != "io-failed",
        Kind::InvalidQuery => false,
    }
}
