//! The open directory, and opening what is directly in a directory.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_primitives::fs::open_dir_nofollow;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::{FsWord, OFlags, PROC_SUPER_MAGIC, fstatfs};

use super::error::{Result, changed, io_failed, is_directory, kernel_file_system, not_regular};

/// File systems whose files are made up when they are read: devices in all but type. From
/// `linux/magic.h`.
const KERNEL_FILE_SYSTEMS: &[FsWord] = &[
    PROC_SUPER_MAGIC,
    0x6265_6572, // sysfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0x6367_7270, // cgroup2
];

/// Why a directory cannot be a root. For the operator, so it names the directory.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It is not there, is no directory, or may not be opened.
    #[error("cannot open the root {}", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is `/proc`, `/sys` or the like.
    #[error("the root {} is on a file system that the kernel makes up", path.display())]
    KernelFileSystem {
        /// The directory.
        path: PathBuf,
    },
}

/// A directory whose files may be granted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Root {
    pub(crate) dir: Arc<Dir>,
    path: Arc<Path>,
}

impl Root {
    /// Opens a directory of the operator's choice; later renames of it do not matter.
    ///
    /// # Errors
    /// It cannot be opened, or its files are made up by the kernel.
    pub fn open(path: &Path) -> std::result::Result<Self, RootError> {
        let failed = |source| RootError::Open { path: path.into(), source };
        // The one use of ambient authority in this module: the operator named this directory.
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(failed)?;
        if made_up(&dir).map_err(failed)? {
            return Err(RootError::KernelFileSystem { path: path.into() });
        }
        let path = path.canonicalize().map_err(failed)?.into();
        Ok(Self { dir: Arc::new(dir), path })
    }

    /// Where the directory is on the host, without links. For the operator and for programs that run
    /// outside of the sandbox; never shown to a guest.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

pub(crate) fn made_up(handle: &impl AsFd) -> io::Result<bool> {
    let kind = fstatfs(handle)?.f_type;
    Ok(KERNEL_FILE_SYSTEMS.contains(&kind))
}

/// Opens the directory `name` of `parent`, never through a link. `path` is for the error.
pub(super) fn open_directory(parent: &Dir, name: &str, path: &str) -> Result<Dir> {
    let parent = parent.try_clone().map_err(|error| io_failed(path, &error))?.into_std_file();
    let dir = open_dir_nofollow(&parent, Path::new(name))
        .map(Dir::from_std_file)
        .map_err(|error| io_failed(path, &error))?;
    if made_up(&dir).map_err(|error| io_failed(path, &error))? {
        return Err(kernel_file_system(path));
    }
    Ok(dir)
}

/// A file by the directory it is in, its name there, and what was seen under that name.
pub(super) struct Located<'a> {
    pub(super) parent: &'a Dir,
    pub(super) name: &'a str,
    pub(super) metadata: &'a Metadata,
}

impl Located<'_> {
    /// Opens the file, never through a link and never waiting. What is not a regular file is not
    /// opened at all, because opening a device can do things. `path` is for the error.
    pub(super) fn open(&self, path: &str) -> Result<(File, Metadata)> {
        if self.metadata.is_dir() {
            return Err(is_directory(path));
        }
        if !self.metadata.is_file() {
            return Err(not_regular(path));
        }
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self
            .parent
            .open_with(
                self.name,
                OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()),
            )
            .map_err(|error| io_failed(path, &error))?;
        let opened = file.metadata().map_err(|error| io_failed(path, &error))?;
        // Without `openat2` the library follows links by itself, whatever the flags; the identity
        // shows that what was opened is what was seen.
        let same = opened.dev() == self.metadata.dev() && opened.ino() == self.metadata.ino();
        if !same || !opened.is_file() {
            return Err(changed(path));
        }
        if made_up(&file).map_err(|error| io_failed(path, &error))? {
            return Err(kernel_file_system(path));
        }
        Ok((file, opened))
    }
}
