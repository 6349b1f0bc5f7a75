//! Where a walk has led to, with every directory on the way held open.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::error::{Fault, Result};
use crate::files::{DEPTH_MAX, Root, made_up};

/// What a path leads to.
pub(super) struct Place<'r> {
    /// The real path inside the root; empty: the root.
    pub(super) path: String,
    /// Whether the path says that it is a directory, by a slash at its end.
    pub(super) slash: bool,
    /// What is there.
    pub(super) what: What,
    /// Its name in the directory that the trail ends in; none: that directory is it.
    pub(super) name: Option<String>,
    pub(super) trail: Trail<'r>,
}

/// What is at a place.
pub(super) enum What {
    Missing,
    Directory(Stat),
    File(Stat),
    /// A link and where it points.
    Link(Stat, String),
    /// A device, FIFO or socket.
    Special(Stat),
}

impl What {
    /// What the system says of it.
    pub(super) fn stat(&self) -> Result<&Stat> {
        match self {
            Self::Missing => Err(ErrorCode::NoEntry.into()),
            Self::Directory(stat)
            | Self::File(stat)
            | Self::Link(stat, _)
            | Self::Special(stat) => Ok(stat),
        }
    }
}

impl Place<'_> {
    /// The directory it is in and its name there. A path that ends in `.` or `..`, and the root, have
    /// none that could be made, moved or removed.
    pub(super) fn named(&self) -> Result<(BorrowedFd<'_>, &str)> {
        match &self.name {
            Some(name) => Ok((self.trail.here(), name)),
            None => Err(ErrorCode::Invalid.into()),
        }
    }

    /// The same for what acts on the place itself, which then may be a directory without a name.
    pub(super) fn itself(&self) -> (BorrowedFd<'_>, &str) {
        (self.trail.here(), self.name.as_deref().unwrap_or("."))
    }

    /// Opens the directory that it is, to read or to flush it.
    pub(super) fn directory(&self) -> Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (parent, name) = self.itself();
        Ok(openat(parent, name, flags, Mode::empty())?)
    }

    /// The real path of the directory it is in.
    pub(super) fn parent(&self) -> &str {
        match &self.name {
            Some(_) => self.path.rsplit_once('/').map_or("", |(parent, _)| parent),
            None => &self.path,
        }
    }

    /// Whether each directory on the way still has the name by which it was found.
    pub(super) fn holds(&self) -> Result<()> {
        self.trail.holds()
    }
}

/// The directories from the root to where a walk stands, each held open.
pub(super) struct Trail<'r> {
    pub(super) root: &'r Root,
    pub(super) below: Vec<Step>,
}

/// A directory below the root.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) fd: OwnedFd,
    pub(super) stat: Stat,
}

impl Trail<'_> {
    /// Where the walk stands.
    pub(super) fn here(&self) -> BorrowedFd<'_> {
        self.below.last().map_or_else(|| self.root.dir.as_fd(), |step| step.fd.as_fd())
    }

    /// The real path of that, or of a name in it.
    pub(super) fn path(&self, name: Option<&str>) -> String {
        let names: Vec<&str> =
            self.below.iter().map(|step| step.name.as_str()).chain(name).collect();
        names.join("/")
    }

    /// Goes down into a directory that was opened.
    pub(super) fn enter(&mut self, name: String, fd: OwnedFd, stat: Stat) -> Result<()> {
        if self.below.len() == DEPTH_MAX {
            return Err(ErrorCode::NameTooLong.into());
        }
        let device = match self.below.last() {
            Some(step) => step.stat.st_dev,
            None => fstat(&self.root.dir)?.st_dev,
        };
        // What the kernel makes up may lead anywhere. It begins at a mount.
        if stat.st_dev != device && made_up(&fd)? {
            return Err(Fault::Outside(ErrorCode::NoEntry));
        }
        self.below.push(Step { name, fd, stat });
        Ok(())
    }

    fn holds(&self) -> Result<()> {
        let mut above = self.root.dir.as_fd();
        for step in &self.below {
            match statat(above, &step.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if same(&stat, &step.stat) => above = step.fd.as_fd(),
                Ok(_) | Err(Errno::NOENT) => return Err(Fault::Changed),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Whether both are of the same object.
pub(super) fn same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// The kind of an object.
pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}
