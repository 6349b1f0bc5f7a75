//! Which paths of the root a call may touch, and how.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use baton_core::digest::Digest;
use baton_core::limits::FileLimits;
use baton_core::scope::{Authority, PathScope};

use super::place::What;
use crate::files::ScopeError;
use crate::files::globs::{self, Layer};

/// Stands for the name of any file. Patterns that name files do not match it.
const ANY_NAME: &str = "any-name-at-all";

/// Grants whose compiled patterns are kept.
const KEPT_MAX: usize = 64;

/// The patterns of grants that were used before. Compiling them takes longer than starting an
/// instance, and the calls of a run have few different grants.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    kept: Mutex<HashMap<Digest, Arc<Bounds>>>,
}

impl Scopes {
    /// The files of an authority.
    pub(super) fn get(
        &self,
        authority: &Authority,
        limits: &FileLimits,
    ) -> Result<Arc<Bounds>, ScopeError> {
        let key = Digest::of_json(&(&authority.read, &authority.write, limits));
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bounds) = kept().get(&key) {
            return Ok(Arc::clone(bounds));
        }
        // Two calls may both compile the same: better than one waiting for the other.
        let bounds = Arc::new(Bounds::new(authority, limits)?);
        let mut kept = kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&bounds));
        Ok(bounds)
    }
}

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
    fn what_was_compiled_is_kept_for_the_same_patterns_only() {
        let scopes = Scopes::default();
        let limits = FileLimits::default();
        let reads = |pattern: &str| Authority { read: scope(pattern, ""), ..Authority::default() };
        let one = scopes.get(&reads("a/**"), &limits).unwrap();
        assert!(Arc::ptr_eq(&one, &scopes.get(&reads("a/**"), &limits).unwrap()));
        let other = scopes.get(&reads("b/**"), &limits).unwrap();
        assert!(one.readable("a/x") && !other.readable("a/x"));
        let writes = Authority { write: scope("a/**", ""), ..Authority::default() };
        assert!(scopes.get(&writes, &limits).unwrap().writable("a/x") && !one.writable("a/x"));
        for number in 0..2 * KEPT_MAX {
            scopes.get(&reads(&format!("{number}/**")), &limits).unwrap();
        }
        assert!(scopes.kept.lock().unwrap().len() <= KEPT_MAX);
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
