//! What is at a path of a working tree, without following links.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

/// Bits of a file's mode that let somebody execute it.
pub(super) const EXECUTE_BITS: u32 = 0o111;

/// A file or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link and where it leads.
    Link(Vec<u8>),
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing.
    Absent,
    /// A file or link.
    Is(Content),
    /// A directory.
    Directory,
    /// Something else: a pipe, socket or device.
    Other,
    /// A part of the path is no directory but this.
    Through(PathBuf),
}

/// Looks at a path below `top`.
///
/// # Errors
/// Those of the file system.
pub(super) fn look(top: &Path, path: &Path) -> std::io::Result<Look> {
    let mut above = top.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        above.push(part);
        match fs::symlink_metadata(&above) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(Look::Through(above)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Look::Absent),
            Err(error) => return Err(error),
        }
    }
    look_here(&top.join(path))
}

/// Looks at a path whose directory is known to be one.
pub(super) fn look_here(full: &Path) -> std::io::Result<Look> {
    let found = match fs::symlink_metadata(full) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Look::Absent);
        }
        Err(error) => return Err(error),
    };
    if found.is_symlink() {
        let target = fs::read_link(full)?;
        return Ok(Look::Is(Content::Link(target.as_os_str().as_bytes().to_vec())));
    }
    if found.is_dir() {
        return Ok(Look::Directory);
    }
    if !found.is_file() {
        return Ok(Look::Other);
    }
    let executable = found.permissions().mode() & 0o100 != 0;
    Ok(Look::Is(Content::File { bytes: fs::read(full)?, executable }))
}

/// Whether a link at `path` that leads to `target` stays below `root`, by its words, and out of git's
/// own directory.
pub(super) fn leads_inside(root: &Path, path: &Path, target: &Path) -> bool {
    let mut at: Vec<&std::ffi::OsStr> = Vec::new();
    let start = path.parent().unwrap_or(Path::new(""));
    for part in start.components().chain(target.components()) {
        match part {
            Component::Normal(name) => at.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if at.pop().is_none() {
                    return false;
                }
            }
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    let end: PathBuf = at.iter().collect();
    end.starts_with(root) && !is_git(&end)
}

/// Whether a path is or leads through git's own directory.
pub(super) fn is_git(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().as_bytes().eq_ignore_ascii_case(b".git"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_judged_by_their_words() {
        for (root, path, target, inside) in [
            ("", "a", "b", true),
            ("", "d/a", "../b", true),
            ("", "a", "../b", false),
            ("", "d/a", "../../b", false),
            ("", "a", "/etc/passwd", false),
            ("", "a", ".git/config", false),
            ("", "a", "d/.GIT", false),
            ("sub", "sub/a", "../other", false),
            ("sub", "sub/a", "../sub/b", true),
            ("sub", "sub/a", "./b", true),
        ] {
            let found = leads_inside(Path::new(root), Path::new(path), Path::new(target));
            assert_eq!(found, inside, "{root} {path} {target}");
        }
    }

    #[test]
    fn nothing_is_followed() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path();
        fs::create_dir(top.join("dir")).unwrap();
        fs::write(top.join("dir/file"), "x").unwrap();
        symlink("dir", top.join("link")).unwrap();
        let file = Content::File { bytes: b"x".to_vec(), executable: false };
        for (path, found) in [
            ("dir/file", Look::Is(file)),
            ("dir", Look::Directory),
            ("link", Look::Is(Content::Link(b"dir".to_vec()))),
            ("link/file", Look::Through(top.join("link"))),
            ("dir/file/x", Look::Through(top.join("dir/file"))),
            ("none/x", Look::Absent),
        ] {
            assert_eq!(look(top, Path::new(path)).unwrap(), found, "{path}");
        }
    }
}
