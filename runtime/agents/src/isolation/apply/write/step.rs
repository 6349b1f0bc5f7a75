//! One path: exchanged in one step, and taken back where it is not what it was.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::isolation::apply::ApplyError;
use crate::isolation::apply::look::{Content, EXECUTE_BITS, Look, look, look_here};
use crate::isolation::apply::plan::Change;

/// Begins the names of files on their way to their place.
pub(super) const STAGE: &str = ".baton-apply-";

/// What became of one path.
pub(super) enum Step {
    Done,
    /// Somebody changed it.
    Foreign,
}

pub(super) fn forward(top: &Path, change: &Change, index: usize) -> Result<Step, ApplyError> {
    step(top, &change.path, change.old.as_ref(), change.new.as_ref(), index)
}

pub(super) fn back(top: &Path, change: &Change, index: usize) -> Result<Step, ApplyError> {
    step(top, &change.path, change.new.as_ref(), change.old.as_ref(), index)
}

/// Puts `new` in the place of `old`, if that is what is there.
fn step(
    top: &Path,
    path: &str,
    old: Option<&Content>,
    new: Option<&Content>,
    index: usize,
) -> Result<Step, ApplyError> {
    let full = top.join(path);
    let cannot = |error: &std::io::Error| ApplyError::file(&full, error);
    let stage = full.with_file_name(format!("{STAGE}{index}"));
    settle(&full, &stage, old, new).map_err(|error| cannot(&error))?;
    let seen = look(top, Path::new(path)).map_err(|error| cannot(&error))?;
    let is_done = match (&seen, new) {
        (Look::Is(content), Some(new)) => content == new,
        // Something else may have taken its place by now.
        (Look::Absent | Look::Directory | Look::Through(_), None) => true,
        _ => false,
    };
    if is_done {
        return Ok(Step::Done);
    }
    let is_known = match (&seen, old) {
        (Look::Is(content), Some(old)) => content == old,
        (Look::Absent, None) => true,
        // An empty folder is nothing to git.
        (Look::Directory, None) => fs::remove_dir(&full).is_ok(),
        _ => false,
    };
    if !is_known {
        return Ok(Step::Foreign);
    }
    change(top, &full, &stage, old, new).map_err(|error| cannot(&error))
}

/// Puts what a process left on its way back to where nobody misses it.
fn settle(
    full: &Path,
    stage: &Path,
    old: Option<&Content>,
    new: Option<&Content>,
) -> std::io::Result<()> {
    let Look::Is(staged) = look_here(stage)? else { return Ok(()) };
    if Some(&staged) == old || Some(&staged) == new {
        return fs::remove_file(stage);
    }
    // It was exchanged, and is what somebody made of the file in that very moment; or it was not yet
    // complete.
    let exchanged = match (look_here(full)?, new) {
        (Look::Is(content), Some(new)) => content == *new,
        (Look::Absent, None) => true,
        _ => false,
    };
    if exchanged && old.is_some() { fs::rename(stage, full) } else { fs::remove_file(stage) }
}

fn change(
    top: &Path,
    full: &Path,
    stage: &Path,
    old: Option<&Content>,
    new: Option<&Content>,
) -> std::io::Result<Step> {
    if let (Some(parent), true) = (full.parent(), new.is_some()) {
        fs::create_dir_all(parent)?;
    }
    if let Some(new) = new {
        make(stage, new, full)?;
    }
    let flags =
        if old.is_some() && new.is_some() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    let (from, to) = if new.is_some() { (stage, full) } else { (full, stage) };
    match renameat_with(CWD, from, CWD, to, flags) {
        Ok(()) => {}
        Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOENT) => {
            let _ = fs::remove_file(stage);
            return Ok(Step::Foreign);
        }
        // Some file systems cannot do either in one step.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if new.is_some() && old.is_some() {
                fs::rename(stage, full)?;
            } else if new.is_some() {
                fs::hard_link(stage, full)?;
                fs::remove_file(stage)?;
            } else {
                fs::remove_file(full)?;
                prune(top, full);
            }
            return Ok(Step::Done);
        }
        Err(error) => {
            if new.is_some() {
                let _ = fs::remove_file(stage);
            }
            return Err(error.into());
        }
    }
    if let Some(old) = old {
        if look_here(stage)? != Look::Is(old.clone()) {
            // Somebody changed it after the last look: theirs goes back.
            let (from, to) = if new.is_some() { (from, to) } else { (to, from) };
            renameat_with(CWD, from, CWD, to, flags)?;
            if new.is_some() {
                fs::remove_file(stage)?;
            }
            return Ok(Step::Foreign);
        }
        fs::remove_file(stage)?;
    }
    if new.is_none() {
        prune(top, full);
    }
    Ok(Step::Done)
}

/// Makes a file or link, with the permissions of the one it replaces as far as git has no say.
fn make(stage: &Path, content: &Content, replaced: &Path) -> std::io::Result<()> {
    match content {
        Content::Link(target) => symlink(std::ffi::OsStr::from_bytes(target), stage),
        Content::File { bytes, executable } => {
            let mode = if *executable { 0o777 } else { 0o666 };
            let mut options = File::options();
            let mut file = options.write(true).create_new(true).mode(mode).open(stage)?;
            file.write_all(bytes)?;
            let before = fs::symlink_metadata(replaced).ok().filter(fs::Metadata::is_file);
            if let Some(before) = before {
                let mode = before.permissions().mode() & 0o777;
                // Who may read it may execute it.
                let mode = if *executable {
                    mode | (mode >> 2) & EXECUTE_BITS
                } else {
                    mode & !EXECUTE_BITS
                };
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            file.sync_data()
        }
    }
}

/// Removes folders that became empty, as git does.
fn prune(top: &Path, full: &Path) {
    for above in full.ancestors().skip(1).take_while(|above| *above != top) {
        if fs::remove_dir(above).is_err() {
            break;
        }
    }
}
