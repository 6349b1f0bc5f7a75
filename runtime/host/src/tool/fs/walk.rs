//! From a path to what it leads to inside the root, links followed by hand.
//!
//! Every name is opened by itself, in the directory that was opened before it and never through a
//! link, so the kernel has no path to resolve: what this module does not decide does not happen, on
//! old kernels as on new ones. The path that results is the real one, and each directory on the way
//! must be one that the grant lets through.

use std::os::fd::OwnedFd;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, openat, readlinkat};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::bounds::Bounds;
use super::error::{Fault, Result};
use super::place::{Place, Trail, What, kind};
use crate::files::Root;

/// Links one path may lead through; what Linux allows.
const LINKS_MAX: usize = 40;
/// Bytes of a path; what Linux allows.
const PATH_BYTES_MAX: usize = 4_096;

/// How a path is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// A link at its end is followed.
    Follow,
    /// A link at its end is meant itself, unless a slash follows it.
    Keep,
    /// Names something to make, move or remove: a link at its end is meant itself.
    Name,
    /// A link at its end is followed, and nothing needs to be there.
    Target,
}

/// Walks from the directory `base`, a real path, along `path`, which may not leave that directory by
/// `..`; a link may lead anywhere inside the root.
pub(super) fn walk<'r>(
    root: &'r Root,
    bounds: &Bounds,
    base: &str,
    path: &str,
    last: Last,
) -> Result<Place<'r>> {
    if path.is_empty() {
        return Err(ErrorCode::NoEntry.into());
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(ErrorCode::NameTooLong.into());
    }
    if path.contains('\0') {
        return Err(ErrorCode::Invalid.into());
    }
    if path.starts_with('/') {
        return Err(Fault::Outside(ErrorCode::NotPermitted));
    }
    let mut walk = Walk {
        bounds,
        trail: Trail { root, below: Vec::new() },
        rest: Vec::new(),
        slash: false,
        links: 0,
    };
    let depth = walk.enter(base)?;
    // Where a link may point is asked from where the link is.
    let floor = if last == Last::Target { 0 } else { depth };
    walk.push(path);
    walk.run(floor, last)
}

struct Walk<'a, 'r> {
    bounds: &'a Bounds,
    trail: Trail<'r>,
    /// What is still to be walked, last part first.
    rest: Vec<String>,
    slash: bool,
    links: usize,
}

impl<'r> Walk<'_, 'r> {
    /// Enters a directory by its real path. It was looked at before, and may be gone.
    fn enter(&mut self, base: &str) -> Result<usize> {
        for name in base.split('/').filter(|name| !name.is_empty()) {
            let (fd, stat) = self.look(name)?;
            if kind(&stat) != FileType::Directory {
                return Err(ErrorCode::NoEntry.into());
            }
            self.trail.enter(name.to_owned(), fd, stat)?;
        }
        Ok(self.trail.below.len())
    }

    /// A handle to what a name is, which can be looked at and nothing else.
    fn look(&self, name: &str) -> Result<(OwnedFd, Stat)> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(self.trail.here(), name, flags, Mode::empty())?;
        let stat = fstat(&fd)?;
        Ok((fd, stat))
    }

    /// Puts a path before what is left.
    fn push(&mut self, path: &str) {
        let at_end = self.rest.is_empty();
        self.rest.extend(path.rsplit('/').filter(|part| !part.is_empty()).map(str::to_owned));
        self.slash |= at_end && path.ends_with('/');
    }

    fn run(mut self, floor: usize, last: Last) -> Result<Place<'r>> {
        let mut floor = floor;
        while let Some(part) = self.rest.pop() {
            if part == "." {
                continue;
            }
            if part == ".." {
                if self.trail.below.len() <= floor {
                    return Err(Fault::Outside(ErrorCode::NotPermitted));
                }
                self.trail.below.pop();
                continue;
            }
            let here = self.trail.path(Some(&part));
            if !self.bounds.visible(&here) {
                return Err(Fault::Outside(ErrorCode::NoEntry));
            }
            let at_end = self.rest.is_empty();
            let (fd, stat) = match self.look(&part) {
                Ok(found) => found,
                Err(Fault::Plain(ErrorCode::NoEntry)) if at_end => {
                    return Ok(self.found(Some(part), What::Missing));
                }
                Err(Fault::Plain(ErrorCode::NoEntry)) if last == Last::Target => {
                    return self.missing(here);
                }
                Err(error) => return Err(error),
            };
            match kind(&stat) {
                FileType::Symlink => {
                    let target = readlinkat(&fd, "", Vec::new())?.into_string();
                    // Patterns are text, so what is no text is outside of them all.
                    let target = target.map_err(|_| Fault::Outside(ErrorCode::NoEntry))?;
                    match last {
                        Last::Name if at_end && self.slash => {
                            return Err(ErrorCode::NotDirectory.into());
                        }
                        Last::Keep | Last::Name if at_end && !self.slash => {
                            if !self.bounds.readable(&here) {
                                return Err(Fault::Outside(ErrorCode::NoEntry));
                            }
                            return Ok(self.found(Some(part), What::Link(stat, target)));
                        }
                        _ => {}
                    }
                    self.links += 1;
                    if self.links > LINKS_MAX {
                        return Err(ErrorCode::Loop.into());
                    }
                    if target.starts_with('/') {
                        return Err(Fault::Outside(ErrorCode::NoEntry));
                    }
                    // A link is the operator's, or was checked when it was made: it may lead to any
                    // part of the root that is granted.
                    floor = 0;
                    self.push(&target);
                }
                FileType::Directory => {
                    if !self.bounds.traversable(&here) {
                        return Err(Fault::Outside(ErrorCode::NoEntry));
                    }
                    if at_end {
                        // Entered and left again, for the checks.
                        self.trail.enter(part, fd, stat)?;
                        let Some(step) = self.trail.below.pop() else { continue };
                        return Ok(self.found(Some(step.name), What::Directory(step.stat)));
                    }
                    self.trail.enter(part, fd, stat)?;
                }
                _ if !self.bounds.readable(&here) => {
                    return Err(Fault::Outside(ErrorCode::NoEntry));
                }
                _ if !at_end || self.slash => return Err(ErrorCode::NotDirectory.into()),
                FileType::RegularFile => return Ok(self.found(Some(part), What::File(stat))),
                _ => return Ok(self.found(Some(part), What::Special(stat))),
            }
        }
        let stat = fstat(self.trail.here())?;
        Ok(self.found(None, What::Directory(stat)))
    }

    fn found(self, name: Option<String>, what: What) -> Place<'r> {
        let path = self.trail.path(name.as_deref());
        Place { path, slash: self.slash, what, name, trail: self.trail }
    }

    /// A place below a directory that is not there, taken as text.
    fn missing(mut self, mut path: String) -> Result<Place<'r>> {
        while let Some(part) = self.rest.pop() {
            match part.as_str() {
                "." => {}
                ".." => return Err(Fault::Outside(ErrorCode::NotPermitted)),
                name => {
                    path.push('/');
                    path.push_str(name);
                }
            }
        }
        if !self.bounds.visible(&path) {
            return Err(Fault::Outside(ErrorCode::NoEntry));
        }
        let slash = self.slash;
        Ok(Place { path, slash, what: What::Missing, name: None, trail: self.trail })
    }
}
