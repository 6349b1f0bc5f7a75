//! From a checked path to the file or directory it means, links followed by hand.

use std::path::{Component, Path};

use cap_std::fs::{Dir, Metadata};

use super::DEPTH_MAX;
use super::error::{Result, io_failed, link_loop, link_outside, not_directory, too_deep};
use super::root::{Located, Root, open_directory};

/// Links one path may lead through; what Linux allows.
const LINKS_MAX: usize = 40;

/// What a path means.
pub(super) struct Resolved {
    /// Its path inside the root without links. The root itself is empty.
    pub(super) canonical: String,
    /// What is there.
    pub(super) target: Target,
}

pub(super) enum Target {
    Directory,
    /// Everything else, a device included.
    File {
        /// The directory it is in; none: the root.
        parent: Option<Dir>,
        name: String,
        metadata: Box<Metadata>,
    },
}

impl Resolved {
    /// The file, unless it is a directory.
    pub(super) fn located<'a>(&'a self, root: &'a Root) -> Option<Located<'a>> {
        match &self.target {
            Target::Directory => None,
            Target::File { parent, name, metadata } => {
                Some(Located { parent: parent.as_ref().unwrap_or(&root.dir), name, metadata })
            }
        }
    }
}

/// The directories between the root and where a resolution stands.
struct Trail<'r> {
    root: &'r Root,
    below: Vec<(String, Dir)>,
}

impl Trail<'_> {
    fn here(&self) -> &Dir {
        self.below.last().map_or(&*self.root.dir, |(_, dir)| dir)
    }

    fn canonical(&self, name: Option<&str>) -> String {
        let parts: Vec<&str> =
            self.below.iter().map(|(name, _)| name.as_str()).chain(name).collect();
        parts.join("/")
    }
}

/// Resolves a path that has passed [`super::path::check`]. Each directory on the way is held open
/// while its names are looked at, so no change of the tree can lead outside.
pub(super) fn resolve(root: &Root, path: &str) -> Result<Resolved> {
    let mut trail = Trail { root, below: Vec::new() };
    let mut links = 0;
    // Last part first. `..` and `.` can only come from links.
    let mut parts: Vec<String> = path.rsplit('/').map(Into::into).collect();
    while let Some(part) = parts.pop() {
        if part == "." {
            continue;
        }
        if part == ".." {
            if trail.below.pop().is_none() {
                return Err(link_outside(path));
            }
            continue;
        }
        let metadata =
            trail.here().symlink_metadata(&part).map_err(|error| io_failed(path, &error))?;
        if metadata.is_symlink() {
            links += 1;
            if links > LINKS_MAX {
                return Err(link_loop(path));
            }
            let target =
                trail.here().read_link_contents(&part).map_err(|error| io_failed(path, &error))?;
            parts.extend(link_parts(&target, path)?);
        } else if metadata.is_dir() {
            if trail.below.len() == DEPTH_MAX {
                return Err(too_deep(path));
            }
            let dir = open_directory(trail.here(), &part, path)?;
            trail.below.push((part, dir));
        } else if parts.is_empty() {
            return Ok(Resolved {
                canonical: trail.canonical(Some(&part)),
                target: Target::File {
                    parent: trail.below.pop().map(|(_, dir)| dir),
                    name: part,
                    metadata: Box::new(metadata),
                },
            });
        } else {
            return Err(not_directory(path));
        }
    }
    Ok(Resolved { canonical: trail.canonical(None), target: Target::Directory })
}

/// The parts of a link's target, last first. A target that is not UTF-8 cannot pass a scope.
fn link_parts(target: &Path, path: &str) -> Result<Vec<String>> {
    let mut parts = Vec::new();
    // A slash at the end asks for a directory; `components` would drop it.
    if target.as_os_str().as_encoded_bytes().ends_with(b"/") {
        parts.push(".".into());
    }
    for component in target.components().rev() {
        let name = match component {
            Component::Normal(name) => name.to_str().ok_or_else(|| link_outside(path))?,
            Component::CurDir => ".",
            Component::ParentDir => "..",
            Component::RootDir | Component::Prefix(_) => return Err(link_outside(path)),
        };
        parts.push(name.into());
    }
    Ok(parts)
}
