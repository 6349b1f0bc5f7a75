//! A state directory that was found, and that nobody named, is the person's own.
//!
//! It may be one above the project, such as in a directory that everybody writes to. Whoever it belongs to
//! can put another journal there at any time, and with it what this person is taken to have started.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::codes::Code;
use crate::error::{CliError, Result};

/// Bit of a mode: everybody may write.
const OTHERS_WRITE: u32 = 0o002;

/// Refuses a directory, or one of these files in it, that belongs to somebody else or that everybody may
/// write. What is not there is fine, and so is the mode of a link, which says nothing: links are refused as
/// such.
///
/// # Errors
/// When it does, or cannot be looked at.
pub(super) fn refuse_others(dir: &Path, files: &[&str]) -> Result<()> {
    let me = Me::of_this_process();
    for path in std::iter::once(dir.to_owned()).chain(files.iter().map(|name| dir.join(name))) {
        let found = match std::fs::symlink_metadata(&path) {
            Ok(found) => found,
            // What is in the way or forbidden is told by who needs it.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                ) =>
            {
                return Ok(());
            }
            Err(error) => return Err(CliError::file("look at", &path, &error)),
        };
        me.refuse(&path, &found)?;
    }
    Ok(())
}

/// Whose files are this person's.
struct Me {
    user: u32,
    /// Who became root with `sudo`, if that is who this is.
    before: Option<u32>,
}

impl Me {
    fn of_this_process() -> Self {
        let user = rustix::process::geteuid();
        let before = std::env::var("SUDO_UID").ok().filter(|_| user.is_root());
        Self { user: user.as_raw(), before: before.and_then(|text| text.parse().ok()) }
    }

    fn refuse(&self, path: &Path, found: &Metadata) -> Result<()> {
        let owner = found.uid();
        let what = if owner != self.user && Some(owner) != self.before {
            format!("belongs to another user (uid {owner})")
        } else if !found.is_symlink() && found.mode() & OTHERS_WRITE != 0 {
            "can be written by everybody".to_owned()
        } else {
            return Ok(());
        };
        Err(CliError::new(Code::Linked, format!("{} {what}", path.display())).hint(
            "what runs there would be what others put there; name a place of your own: --home DIR or \
             BATON_HOME, or this one if you trust whoever can write it",
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_others_can_write_is_refused_and_what_is_mine_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let (dir, file) = (temp.path().join(".baton"), temp.path().join(".baton/journal.db"));
        let look = || refuse_others(&dir, &["journal.db"]);
        look().unwrap();
        fs::create_dir(&dir).unwrap();
        look().unwrap();
        fs::write(&file, "").unwrap();
        look().unwrap();
        for (path, own, shared) in [(&dir, 0o755, 0o777), (&file, 0o600, 0o666)] {
            fs::set_permissions(path, Permissions::from_mode(shared)).unwrap();
            let error = look().unwrap_err().to_string();
            let path_said = format!("{} can be written by everybody", path.display());
            assert!(error.contains(&path_said), "{error}");
            fs::set_permissions(path, Permissions::from_mode(own)).unwrap();
            look().unwrap();
        }
        // Everybody may write any link: it is refused for what it is, elsewhere.
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("elsewhere", &file).unwrap();
        look().unwrap();
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let found = fs::symlink_metadata(temp.path()).unwrap();
        let owner = found.uid();
        for (user, before, refused) in [
            (owner, None, false),
            (owner + 1, None, true),
            (owner + 1, Some(owner), false),
            (owner + 1, Some(owner + 2), true),
        ] {
            let result = Me { user, before }.refuse(temp.path(), &found);
            assert_eq!(result.is_err(), refused, "{user} {before:?}");
            if let Err(error) = result {
                assert!(error.to_string().contains(&format!("uid {owner}")), "{error}");
            }
        }
    }
}
