//! Which paths of the root a call may touch, and how.

use baton_core::limits::FileLimits;
use baton_core::scope::{Authority, PathScope};

use super::walk::What;
use crate::files::ScopeError;
use crate::files::globs::{self, Layer};

/// Stands for the name of any file. Patterns that name files do not match it.
const ANY_NAME: &str = "any-name-at-all";

/// The patterns of a grant, compiled. Every question is about a real path: one without links.
#[derive(Debug)]
pub(super) struct Bounds {
    read: Option<Vec<Layer>>,
    write: Option<Vec<Layer>>,
}

impl Bounds {
    /// The files of an authority.
    pub(super) fn new(authority: &Authority, limits: &FileLimits) -> Result<Self, ScopeError> {
        let layers = |scope: &Option<PathScope>| {
            let layers = |scope: &PathScope| {
                scope.layers.iter().map(|layer| globs::scope_layer(layer, limits)).collect()
            };
            scope.as_ref().map(layers).transpose()
        };
        Ok(Self { read: layers(&authority.read)?, write: layers(&authority.write)? })
    }

    /// Whether nothing was granted.
    pub(super) fn are_empty(&self) -> bool {
        self.read.is_none() && self.write.is_none()
    }

    /// Whether something may be changed somewhere.
    pub(super) fn let_write(&self) -> bool {
        self.write.is_some()
    }

    /// Whether a file may be read. What may be written may be read.
    pub(super) fn readable(&self, path: &str) -> bool {
        passes(&self.read, path) || passes(&self.write, path)
    }

    /// Whether a file or directory may be changed, made and removed.
    pub(super) fn writable(&self, path: &str) -> bool {
        !path.is_empty() && passes(&self.write, path)
    }

    /// Whether a directory may be looked into: something in it may have been granted.
    pub(super) fn traversable(&self, path: &str) -> bool {
        shows(&self.read, path) || shows(&self.write, path)
    }

    /// Whether a directory may be made: it is granted, or on the way to what may be written.
    pub(super) fn makeable(&self, path: &str) -> bool {
        self.writable(path) || (!path.is_empty() && shows(&self.write, path))
    }

    /// Whether others may be led to a place by a link. A directory must be granted with what is in it,
    /// so that a file of any name there could be read; one on the way to a grant is not enough.
    pub(super) fn holds(&self, path: &str, what: &What) -> bool {
        self.readable(path)
            || (matches!(what, What::Directory(_)) && self.readable(&below(path, ANY_NAME)))
    }

    /// Whether there may be anything of this name, as far as a guest is told.
    pub(super) fn visible(&self, path: &str) -> bool {
        self.readable(path) || self.traversable(path)
    }
}

/// The path of a name in a directory.
pub(super) fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

fn passes(layers: &Option<Vec<Layer>>, path: &str) -> bool {
    layers.as_ref().is_some_and(|layers| globs::pass(layers, path))
}

fn shows(layers: &Option<Vec<Layer>>, path: &str) -> bool {
    layers.as_ref().is_some_and(|layers| globs::show(layers, path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use baton_core::scope::GlobLayer;

    use super::*;

    fn scope(include: &str, exclude: &str) -> Option<PathScope> {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Some(PathScope {
            layers: vec![GlobLayer {
                include: list(include),
                exclude: list(exclude),
                ..GlobLayer::default()
            }],
        })
    }

    #[test]
    fn each_path_is_as_open_as_its_patterns_say() {
        let authority = Authority {
            read: scope("docs/** a/*/x.md", "**/*.key docs/private/**"),
            write: scope("out/**", "out/kept"),
            ..Authority::default()
        };
        let bounds = Bounds::new(&authority, &FileLimits::default()).unwrap();
        for (path, expected) in [
            ("", "t"),
            ("docs", "tv"),
            ("docs/a.md", "rtv"),
            ("docs/a.key", ""),
            ("docs/private", "v r"),
            ("docs/private/a.md", ""),
            ("a", "tv"),
            ("a/b", "tv"),
            ("a/b/x.md", "rtv"),
            ("a/b/y.md", ""),
            ("a/b/c/x.md", ""),
            ("out", "tv m"),
            ("out/x", "rtv wm"),
            ("out/kept", ""),
            ("other", ""),
        ] {
            let found = [
                (bounds.readable(path), 'r'),
                (bounds.traversable(path), 't'),
                (bounds.visible(path), 'v'),
                (bounds.writable(path), 'w'),
                (bounds.makeable(path), 'm'),
            ];
            for (open, letter) in found {
                // The root is visible to whoever has a directory at all.
                let wanted = expected.contains(letter) || (path.is_empty() && letter == 'v');
                assert_eq!(open, wanted, "{path} {letter}");
            }
        }
        let nothing = Bounds::new(&Authority::default(), &FileLimits::default()).unwrap();
        assert!(nothing.are_empty() && !nothing.visible("docs") && !nothing.visible(""));
    }
}
