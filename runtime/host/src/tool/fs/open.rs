//! Opening files and directories.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, ftruncate, openat};
use rustix::io::Errno;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{DescriptorFlags, OpenFlags};

use super::error::{Fault, Result};
use super::handle::{Handle, OpenFile};
use super::place::{Place, What, kind, same};
use super::walk::Last;
use super::{Files, Touch, undisturbed};
use crate::files::made_up;
use crate::limiter::Stop;

/// Files that an instance may hold open. Each costs the process a handle, and it has some thousand.
const OPEN_MAX: u64 = 128;

/// How something is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Whether a link at the end of the path is followed.
    pub(super) follow: bool,
    pub(super) open: OpenFlags,
    pub(super) flags: DescriptorFlags,
}

impl How {
    fn writes(self) -> bool {
        self.flags.contains(DescriptorFlags::WRITE)
    }

    fn truncates(self) -> bool {
        self.open.contains(OpenFlags::TRUNCATE)
    }

    fn creates(self) -> bool {
        self.open.contains(OpenFlags::CREATE)
    }

    fn exclusive(self) -> bool {
        self.creates() && self.open.contains(OpenFlags::EXCLUSIVE)
    }

    fn reads(self) -> bool {
        self.flags.contains(DescriptorFlags::READ) || !self.writes()
    }

    fn touch(self) -> Touch {
        if self.writes() || self.truncates() || self.creates() { Touch::Write } else { Touch::Read }
    }

    /// Flags for the system. Never through a link, and never waiting for the other end of a FIFO.
    fn flags(self, writes: bool) -> OFlags {
        let access = match (self.reads(), writes) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            (_, false) => OFlags::RDONLY,
        };
        let mut flags =
            access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let sync = DescriptorFlags::FILE_INTEGRITY_SYNC | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if self.flags.intersects(sync) {
            flags |= OFlags::SYNC;
        } else if self.flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC) {
            flags |= OFlags::DSYNC;
        }
        flags
    }
}

impl Files {
    /// Opens what a path means.
    pub(super) fn open(&self, base: &str, path: &str, how: How) -> Result<Handle> {
        if how.creates() && how.open.contains(OpenFlags::DIRECTORY) {
            return Err(ErrorCode::Invalid.into());
        }
        undisturbed(|| self.open_now(base, path, how))
    }

    fn open_now(&self, base: &str, path: &str, how: How) -> Result<Handle> {
        let last = if how.follow && !how.exclusive() { Last::Follow } else { Last::Keep };
        let place = self.find(how.touch(), base, path, last)?;
        match &place.what {
            What::Missing if !how.creates() => Err(ErrorCode::NoEntry.into()),
            What::Missing => {
                self.may_change(&place, base, path)?;
                self.create(&place, how)
            }
            _ if how.exclusive() => Err(ErrorCode::Exist.into()),
            What::Directory(_) if how.touch() == Touch::Write => Err(ErrorCode::IsDirectory.into()),
            What::Directory(_) => Ok(Handle::Directory(place.path)),
            What::Link(..) => Err(ErrorCode::Loop.into()),
            // Opening a device can do things, and a FIFO waits.
            What::Special(_) => Err(ErrorCode::NotPermitted.into()),
            What::File(_) if how.open.contains(OpenFlags::DIRECTORY) => {
                Err(ErrorCode::NotDirectory.into())
            }
            What::File(stat) => {
                if how.writes() || how.truncates() {
                    self.may_change(&place, base, path)?;
                }
                self.existing(&place, stat, how)
            }
        }
    }

    fn existing(&self, place: &Place<'_>, seen: &Stat, how: How) -> Result<Handle> {
        let counted = self.room()?;
        let (parent, name) = place.named()?;
        let flags = how.flags(how.writes() || how.truncates());
        let file = match openat(parent, name, flags, Mode::empty()) {
            Ok(file) => file,
            // It was a regular file when it was looked at.
            Err(Errno::LOOP | Errno::NOENT | Errno::NXIO | Errno::ISDIR) => {
                return Err(Fault::Changed);
            }
            Err(error) => return Err(error.into()),
        };
        let opened = fstat(&file)?;
        if !same(&opened, seen) || kind(&opened) != FileType::RegularFile {
            return Err(Fault::Changed);
        }
        // Its name may have been another's by the time it was opened.
        place.holds()?;
        if made_up(&file)? {
            return Err(ErrorCode::NotPermitted.into());
        }
        if how.truncates() {
            ftruncate(&file, 0)?;
        }
        Ok(Self::opened(file, place, how, counted))
    }

    fn create(&self, place: &Place<'_>, how: How) -> Result<Handle> {
        if place.slash {
            return Err(ErrorCode::IsDirectory.into());
        }
        let counted = self.room()?;
        let (parent, name) = place.named()?;
        place.holds()?;
        let flags = how.flags(how.writes()) | OFlags::CREATE | OFlags::EXCL;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
        match openat(parent, name, flags, mode) {
            Ok(file) => Ok(Self::opened(file, place, how, counted)),
            Err(Errno::EXIST) if !how.exclusive() => Err(Fault::Changed),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts one more handle of the process.
    pub(super) fn room(&self) -> Result<Arc<()>> {
        // One is ours.
        if Arc::strong_count(&self.open) as u64 > OPEN_MAX {
            return Err(Stop::OpenFiles { max: OPEN_MAX }.into());
        }
        Ok(Arc::clone(&self.open))
    }

    fn opened(file: OwnedFd, place: &Place<'_>, how: How, counted: Arc<()>) -> Handle {
        Handle::File(Arc::new(OpenFile {
            file: file.into(),
            path: place.path.clone(),
            reads: how.reads(),
            writes: how.writes(),
            _counted: counted,
        }))
    }
}
