//! Making, moving and removing.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Timestamps, linkat, mkdirat, openat, renameat, symlinkat,
    unlinkat, utimensat,
};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::bounds::below;
use super::error::{Fault, Result};
use super::list::entry_kind;
use super::place::{Place, What};
use super::walk::{Last, walk};
use super::{Files, Touch, undisturbed};
use crate::files::DEPTH_MAX;

/// Entries of a directory that is moved: each is looked at.
const MOVED_MAX: usize = 10_000;

/// A path of a guest: the directory it is relative to, and its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) base: &'a str,
    pub(super) path: &'a str,
}

impl Files {
    /// Makes a directory.
    pub(super) fn make_directory(&self, at: At<'_>) -> Result<()> {
        undisturbed(|| {
            let place = self.find(Touch::Write, at.base, at.path, Last::Name)?;
            if !matches!(place.what, What::Missing) {
                return Err(ErrorCode::Exist.into());
            }
            if !self.bounds.makeable(&place.path) {
                self.may_change(&place, at.base, at.path)?;
            }
            let (parent, name) = place.named()?;
            place.holds()?;
            Ok(mkdirat(parent, name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?)
        })
    }

    /// Removes an empty directory.
    pub(super) fn remove_directory(&self, at: At<'_>) -> Result<()> {
        undisturbed(|| {
            let place = self.to_remove(at)?;
            if !matches!(place.what, What::Directory(_)) {
                return Err(ErrorCode::NotDirectory.into());
            }
            let (parent, name) = place.named()?;
            place.holds()?;
            Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
        })
    }

    /// Removes anything but a directory.
    pub(super) fn remove_file(&self, at: At<'_>) -> Result<()> {
        undisturbed(|| {
            let place = self.to_remove(at)?;
            if matches!(place.what, What::Directory(_)) {
                return Err(ErrorCode::IsDirectory.into());
            }
            let (parent, name) = place.named()?;
            place.holds()?;
            Ok(unlinkat(parent, name, AtFlags::empty())?)
        })
    }

    fn to_remove<'a>(&'a self, at: At<'_>) -> Result<Place<'a>> {
        let place = self.find(Touch::Write, at.base, at.path, Last::Name)?;
        place.what.stat()?;
        self.may_change(&place, at.base, at.path)?;
        Ok(place)
    }

    /// Moves something, over what is there.
    pub(super) fn rename(&self, from: At<'_>, to: At<'_>) -> Result<()> {
        undisturbed(|| {
            let old = self.to_remove(from)?;
            let new = self.find(Touch::Write, to.base, to.path, Last::Name)?;
            self.may_change(&new, to.base, to.path)?;
            match &old.what {
                What::Missing => return Err(ErrorCode::NoEntry.into()),
                What::Directory(_) => {
                    if !self.movable(old.directory()?, &old.path, &new.path, 0, &mut 0)? {
                        self.deny(Touch::Write, to.base, to.path);
                        return Err(Fault::Outside(ErrorCode::NotPermitted));
                    }
                }
                // It would be made a directory by its name.
                _ if new.slash => return Err(ErrorCode::NotDirectory.into()),
                What::Link(_, target) => self.may_point(new.parent(), target, to)?,
                What::File(_) | What::Special(_) => {}
            }
            let ((old_parent, old_name), (new_parent, new_name)) = (old.named()?, new.named()?);
            old.holds()?;
            new.holds()?;
            Ok(renameat(old_parent, old_name, new_parent, new_name)?)
        })
    }

    /// Whether a directory can be moved with all that is in it: everything must be writable in its old
    /// place and in its new one, or moving would carry what is hidden to where it is not. Links mean
    /// something else in another place, so a directory with links stays where it is.
    fn movable(
        &self,
        directory: OwnedFd,
        old: &str,
        new: &str,
        depth: usize,
        seen: &mut usize,
    ) -> Result<bool> {
        if depth > DEPTH_MAX {
            return Ok(false);
        }
        let mut entries = Dir::new(directory)?;
        while let Some(entry) = entries.read() {
            let entry = entry?;
            let Some(name) = text(entry.file_name()) else { return Ok(false) };
            if name == "." || name == ".." {
                continue;
            }
            *seen += 1;
            self.meter.call()?;
            let (old, new) = (below(old, name), below(new, name));
            if *seen > MOVED_MAX || !self.bounds.writable(&old) || !self.bounds.writable(&new) {
                return Ok(false);
            }
            match entry_kind(entries.fd()?, &entry)? {
                FileType::Symlink => return Ok(false),
                FileType::Directory => {
                    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let inner = openat(entries.fd()?, entry.file_name(), flags, Mode::empty())?;
                    if !self.movable(inner, &old, &new, depth + 1, seen)? {
                        return Ok(false);
                    }
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Gives a file a further name. Both must be writable: who may write one name writes the other.
    pub(super) fn hard_link(&self, from: At<'_>, to: At<'_>) -> Result<()> {
        undisturbed(|| {
            let old = self.to_remove(from)?;
            let new = self.find(Touch::Write, to.base, to.path, Last::Name)?;
            self.may_change(&new, to.base, to.path)?;
            if !matches!(old.what, What::File(_)) {
                return Err(ErrorCode::NotPermitted.into());
            }
            if !matches!(new.what, What::Missing) {
                return Err(ErrorCode::Exist.into());
            }
            if new.slash {
                return Err(ErrorCode::NoEntry.into());
            }
            let ((old_parent, old_name), (new_parent, new_name)) = (old.named()?, new.named()?);
            old.holds()?;
            new.holds()?;
            Ok(linkat(old_parent, old_name, new_parent, new_name, AtFlags::empty())?)
        })
    }

    /// Makes a link. Where it points must be in the grant, whether something is there yet or not.
    pub(super) fn soft_link(&self, target: &str, at: At<'_>) -> Result<()> {
        undisturbed(|| {
            let place = self.find(Touch::Write, at.base, at.path, Last::Name)?;
            self.may_change(&place, at.base, at.path)?;
            if !matches!(place.what, What::Missing) {
                return Err(ErrorCode::Exist.into());
            }
            if place.slash {
                return Err(ErrorCode::NoEntry.into());
            }
            self.may_point(place.parent(), target, at)?;
            let (parent, name) = place.named()?;
            place.holds()?;
            Ok(symlinkat(target, parent, name)?)
        })
    }

    /// Whether a link in the directory `parent` may point to `target`. Others follow links without
    /// asking us, so it must stay inside whatever is later put into its way: it goes up first and
    /// down then, never up again.
    fn may_point(&self, parent: &str, target: &str, at: At<'_>) -> Result<()> {
        let mut parts = target.split('/').skip_while(|part| matches!(*part, "" | "." | ".."));
        let straight = !parts.any(|part| part == "..");
        let inside = match walk(self.root()?, &self.bounds, parent, target, Last::Target) {
            Ok(place) => straight && self.bounds.holds(&place.path, &place.what),
            Err(Fault::Outside(_)) => false,
            Err(error) => return Err(error),
        };
        if inside {
            return Ok(());
        }
        self.deny(Touch::Write, at.base, &format!("{} -> {target}", at.path));
        Err(Fault::Outside(ErrorCode::NotPermitted))
    }

    /// Where a link points, unless that is outside of the grant.
    pub(super) fn read_link(&self, at: At<'_>) -> Result<String> {
        let place = self.find(Touch::Read, at.base, at.path, Last::Keep)?;
        let What::Link(_, target) = &place.what else {
            place.what.stat()?;
            return Err(ErrorCode::Invalid.into());
        };
        match walk(self.root()?, &self.bounds, place.parent(), target, Last::Target) {
            Err(Fault::Outside(_)) => {
                self.deny(Touch::Read, at.base, at.path);
                Err(Fault::Outside(ErrorCode::NotPermitted))
            }
            // It may lead nowhere, or in circles; what it says is inside all the same.
            _ => Ok(target.clone()),
        }
    }

    /// Sets the times of a file, directory or link.
    pub(super) fn set_times(&self, at: At<'_>, follow: bool, times: &Timestamps) -> Result<()> {
        let last = if follow { Last::Follow } else { Last::Keep };
        undisturbed(|| {
            let place = self.find(Touch::Write, at.base, at.path, last)?;
            place.what.stat()?;
            self.may_change(&place, at.base, at.path)?;
            place.holds()?;
            let (parent, name) = place.itself();
            Ok(utimensat(parent.as_fd(), name, times, AtFlags::SYMLINK_NOFOLLOW)?)
        })
    }
}

/// A name, if it is text.
pub(super) fn text(name: &CStr) -> Option<&str> {
    name.to_str().ok()
}
