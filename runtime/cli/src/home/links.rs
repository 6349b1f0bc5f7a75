//! A state directory holds files and folders, and no links.
//!
//! It lies in the project, so that a repository can bring one along, and git carries links. What is
//! written, read as state or tidied away below it would then be files of somebody else's choice. Pipes and
//! devices, which an archive can carry, would let whoever opens them wait for ever.

use std::fs::FileType;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::codes::Code;
use crate::error::{CliError, Result};

/// What people put there themselves. It is read, never written below and never tidied.
const OF_PEOPLE: [&str; 2] = ["agents", "workflows"];

/// Folders whose files are only ever opened in a way that follows no link ([`super::Folder`], and the
/// engine's words). They grow with the runs, so what they hold is not listed for every command.
const OPENED_WITH_CARE: [&str; 3] = ["batches", "live", "logs"];

/// Refuses a state directory that is a link itself.
///
/// # Errors
/// When it is one, or cannot be looked at.
pub(super) fn refuse_link(dir: &Path) -> Result<()> {
    match std::fs::symlink_metadata(dir) {
        Ok(found) if found.is_symlink() => Err(leads_elsewhere(dir)),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError::file("look at", dir, &error)),
    }
}

/// Refuses links, pipes and devices in a state directory and in the folders directly below it: as deep as
/// Baton keeps files of its own, but for those that are opened with care. Worktrees lie deeper and are the
/// agents'.
///
/// # Errors
/// When there is one, or a folder cannot be read.
pub(super) fn refuse_inside(dir: &Path) -> Result<()> {
    for (path, kind) in entries(dir)? {
        if OF_PEOPLE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        refuse(&path, kind)?;
        if !kind.is_dir() || OPENED_WITH_CARE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        entries(&path)?.iter().try_for_each(|(path, kind)| refuse(path, *kind))?;
    }
    Ok(())
}

fn refuse(path: &Path, kind: FileType) -> Result<()> {
    if kind.is_symlink() {
        return Err(leads_elsewhere(path));
    }
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    let message = format!("{} is neither a file nor a folder", path.display());
    Err(CliError::new(Code::Linked, message).hint("remove it: Baton did not make it"))
}

/// What a folder holds, and what each is. Nothing if there is none: another process may
/// tidy at the same time.
fn entries(dir: &Path) -> Result<Vec<(PathBuf, FileType)>> {
    let unreadable = |error| CliError::file("read", dir, &error);
    let listed = match std::fs::read_dir(dir) {
        Ok(listed) => listed,
        // What is missing, in the way or forbidden is told by who needs the folder.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) => found.push((path, kind)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(CliError::file("look at", &path, &error)),
        }
    }
    Ok(found)
}

fn leads_elsewhere(path: &Path) -> CliError {
    CliError::new(
        Code::Linked,
        format!("{} is a link, and a state directory holds none", path.display()),
    )
    .hint("remove the link; to keep the state elsewhere, name the place: --home DIR or BATON_HOME")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, Mode};

    use super::*;

    /// Where a link lies, and whether the directory is refused for it.
    const CASES: [(&str, bool); 10] = [
        ("journal.db", true),
        ("owners", true),
        ("owners/0123", true),
        ("logs", true),
        ("live", true),
        ("worktrees/one", true),
        ("agents", false),
        // Refused where it is opened.
        ("logs/run_1.log", false),
        ("workflows/shared", false),
        ("worktrees/one/link", false),
    ];

    #[test]
    fn links_are_refused_as_deep_as_files_of_baton_lie() {
        for (place, refused) in CASES {
            let temp = tempfile::tempdir().unwrap();
            let (dir, aim) = (temp.path().join(".baton"), temp.path().join("aim"));
            std::fs::create_dir(&aim).unwrap();
            let link = dir.join(place);
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            refuse_inside(&dir).unwrap();
            symlink(&aim, &link).unwrap();
            let result = refuse_inside(&dir);
            assert_eq!(result.is_err(), refused, "{place}");
            if let Err(error) = result {
                assert!(error.to_string().contains(&link.display().to_string()), "{error}");
            }
        }
    }

    #[test]
    fn what_would_let_people_wait_for_ever_is_refused() {
        for place in ["journal.db", "owners/0123"] {
            let temp = tempfile::tempdir().unwrap();
            let (dir, pipe) = (temp.path().join(".baton"), temp.path().join(".baton").join(place));
            std::fs::create_dir_all(pipe.parent().unwrap()).unwrap();
            rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
            let error = refuse_inside(&dir).unwrap_err().to_string();
            assert!(error.contains("neither a file nor a folder"), "{error}");
        }
    }

    #[test]
    fn a_directory_that_is_a_link_is_refused_and_one_that_is_not_there_is_fine() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join(".baton");
        refuse_link(&dir).unwrap();
        refuse_inside(&dir).unwrap();
        std::fs::create_dir(temp.path().join("aim")).unwrap();
        symlink(temp.path().join("aim"), &dir).unwrap();
        assert!(refuse_link(&dir).is_err());
    }
}
