//! Some room on the disk that is kept for the day when there is none: to remove something takes room, too.

use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::folder::Folder;

/// Name of the file, in the state directory.
const NAME: &str = "reserve";
/// Its bytes. Housekeeping needs about a third of that before it gives room back.
const BYTES: u64 = 1 << 20;
/// It is made where so many bytes are free: on a disk that is almost full they are better used otherwise.
const FREE_MIN: u64 = 16 << 20;

/// Makes it, if it is not there. Where that fails nothing is lost.
pub(super) fn keep(dir: &Path) {
    let place = dir.join(NAME);
    if place.symlink_metadata().is_ok_and(|found| found.len() == BYTES) {
        return;
    }
    let free = statvfs(dir).map_or(0, |about| about.f_bavail.saturating_mul(about.f_frsize));
    if free < FREE_MIN {
        return;
    }
    let made = Folder::at(dir.to_owned()).and_then(|folder| folder.fresh(NAME));
    let Ok(file) = made else { return };
    if fallocate(&file, FallocateFlags::empty(), 0, BYTES).is_err() {
        // A file without room behind it is worth nothing.
        let _ = std::fs::remove_file(place);
    }
}

/// Gives it up. False: there was none.
pub(super) fn give_up(dir: &Path) -> bool {
    std::fs::remove_file(dir.join(NAME)).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn there_is_room_behind_it_until_it_is_given_up() {
        let temp = tempfile::tempdir().unwrap();
        let place = temp.path().join(NAME);
        assert!(!give_up(temp.path()));
        for _ in 0..2 {
            keep(temp.path());
            let found = place.metadata().unwrap();
            assert!(found.len() == BYTES && found.blocks() * 512 >= BYTES, "{found:?}");
        }
        // What is not it is replaced, and never followed.
        std::fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink(temp.path().join("aim"), &place).unwrap();
        keep(temp.path());
        assert!(place.symlink_metadata().unwrap().is_file() && !temp.path().join("aim").exists());
        assert!(give_up(temp.path()) && !place.exists());
    }
}
