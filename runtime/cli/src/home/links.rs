//! A state directory holds no links.
//!
//! It lies in the project, so that a repository can bring one along, and git carries links. What is
//! written, read as state or tidied away below it would then be files of somebody else's choice.

use std::fs::FileType;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::codes::Code;
use crate::error::{CliError, Result};

/// What people put there themselves. It is read, never written below and never tidied.
const OF_PEOPLE: [&str; 2] = ["agents", "workflows"];

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

/// Refuses links in a state directory and in the folders directly below it: as deep as Baton keeps
/// files of its own. Worktrees lie deeper and are the agents'.
///
/// # Errors
/// When there is one, or a folder cannot be read.
pub(super) fn refuse_inside(dir: &Path) -> Result<()> {
    for (path, kind) in entries(dir)? {
        if OF_PEOPLE.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if kind.is_symlink() {
            return Err(leads_elsewhere(&path));
        }
        if !kind.is_dir() {
            continue;
        }
        if let Some((link, _)) = entries(&path)?.into_iter().find(|(_, kind)| kind.is_symlink()) {
            return Err(leads_elsewhere(&link));
        }
    }
    Ok(())
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

    use super::*;

    /// Where a link lies, and whether the directory is refused for it.
    const CASES: [(&str, bool); 7] = [
        ("journal.db", true),
        ("owners", true),
        ("agents", false),
        ("logs/run_1.log", true),
        ("batches/b", true),
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
