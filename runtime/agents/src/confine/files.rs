//! Landlock.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use baton_core::scope::Authority;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, open, openat2};
use rustix::io::Errno;

use super::rules::parts;
use super::{Access, FileRules, RootPart, RootRules};

/// The newest rules that are asked for; an older kernel enforces those it knows.
const NEWEST: ABI = ABI::V9;

/// Confines this process to the files and, with `tcp`, keeps it from TCP.
pub(super) fn restrict(files: Option<&FileRules>, tcp: bool) -> io::Result<()> {
    if files.is_none() && !tcp {
        return Ok(());
    }
    let mut ruleset = Ruleset::default();
    if files.is_some() {
        ruleset = required(ruleset)
            .handle_access(AccessFs::from_all(ABI::V1))
            .map(possible)
            .and_then(|ruleset| ruleset.handle_access(AccessFs::from_all(NEWEST)))
            .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
            .map_err(other)?;
    }
    if tcp {
        let all = AccessNet::from_all(ABI::V4);
        ruleset = required(ruleset).handle_access(all).map(possible).map_err(other)?;
    }
    let mut ruleset = ruleset.create().map_err(other)?;
    if let Some(files) = files {
        for rule in &files.paths {
            if let Ok(file) = open(&rule.path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
                ruleset = allow(ruleset, file, rule.access)?;
            }
        }
        if let Some(root) = &files.root {
            ruleset = allow_root(ruleset, root)?;
        }
    }
    let status = ruleset.restrict_self().map_err(other)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(io::Error::other("this kernel does not enforce it"));
    }
    Ok(())
}

fn required(ruleset: Ruleset) -> Ruleset {
    ruleset.set_compatibility(CompatLevel::HardRequirement)
}

fn possible(ruleset: Ruleset) -> Ruleset {
    ruleset.set_compatibility(CompatLevel::BestEffort)
}

fn other(error: RulesetError) -> io::Error {
    io::Error::other(error)
}

fn allow_root(mut ruleset: RulesetCreated, root: &RootRules) -> io::Result<RulesetCreated> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open(&root.path, flags, Mode::empty())?;
    for part in &root.parts {
        if let Some(found) = find(&directory, part)? {
            ruleset = allow(ruleset, found, part.access)?;
        }
    }
    Ok(ruleset)
}

fn allow(ruleset: RulesetCreated, file: OwnedFd, access: Access) -> io::Result<RulesetCreated> {
    let mut rights = rights(access);
    if !is_directory(&file)? {
        rights &= AccessFs::from_file(NEWEST);
    }
    ruleset.add_rule(PathBeneath::new(file, rights)).map_err(other)
}

fn rights(access: Access) -> BitFlags<AccessFs> {
    match access {
        Access::Read => AccessFs::from_read(NEWEST),
        // A device node would lead past everything that is allowed or not.
        Access::Write => AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock),
        Access::Device => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev,
    }
}

/// The file or directory that is meant, if it is there, inside of the root.
fn find(root: &OwnedFd, part: &RootPart) -> io::Result<Option<OwnedFd>> {
    let path = if part.path.is_empty() { "." } else { part.path.as_str() };
    match beneath(root, Path::new(path)) {
        Ok(found) => Ok((is_directory(&found)? == part.below).then_some(found)),
        // Not there, not a directory on the way, a way that leads out, or that is closed: nothing
        // to allow.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::XDEV | Errno::LOOP | Errno::ACCESS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes the directories of a granted one that patterns begin with and that may be written to, where
/// they are missing: what is not there cannot be allowed. What cannot be made without leaving it is
/// passed over.
pub fn make_directories(root: &Path, authority: &Authority) {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(directory) = open(root, flags, Mode::empty()) else { return };
    for part in parts(authority) {
        if part.below && part.access == Access::Write {
            let _ = make(&directory, &part.path);
        }
    }
}

/// Makes the directories of a path that are missing.
fn make(root: &OwnedFd, path: &str) -> rustix::io::Result<OwnedFd> {
    let mut at = beneath(root, Path::new("."))?;
    let mut so_far = std::path::PathBuf::new();
    for component in Path::new(path).components() {
        let Component::Normal(name) = component else { return Err(Errno::NOENT) };
        so_far.push(name);
        at = match beneath(root, &so_far) {
            Err(Errno::NOENT) => {
                match mkdirat(&at, name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                beneath(root, &so_far)?
            }
            found => found?,
        };
    }
    Ok(at)
}

fn beneath(root: &OwnedFd, path: &Path) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    loop {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match openat2(root, path, flags, Mode::empty(), resolve) {
            // Something was renamed meanwhile.
            Err(Errno::AGAIN | Errno::INTR) => {}
            found => return found,
        }
    }
}

fn is_directory(file: &impl AsFd) -> io::Result<bool> {
    Ok(FileType::from_raw_mode(fstat(file)?.st_mode) == FileType::Directory)
}
