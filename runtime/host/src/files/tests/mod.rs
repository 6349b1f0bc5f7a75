//! Tests of the files a guest may read and write. Everything happens in temporary directories, except for
//! a few looks at `/dev` and `/proc`.

mod ignoring;
mod kinds;
mod limits;
mod listing;
mod names;
mod outside;
mod paths;
mod race;
mod scopes;
mod searching;
mod snapshots;
mod writing;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use baton_core::files::{
    Entry, FileAnswer, FileError, FileErrorKind, FileRequest, Match, Selection, SelectionOptions,
};
use baton_core::limits::FileLimits;
use baton_core::scope::{GlobLayer, PathScope};
use tempfile::TempDir;

use super::{Root, ScopedFiles};

/// A temporary tree: `root` is granted, `outside` is not.
struct Tree {
    holder: TempDir,
}

impl Tree {
    fn new() -> Self {
        let tree = Self { holder: tempfile::tempdir().unwrap() };
        fs::create_dir(tree.root()).unwrap();
        tree
    }

    /// A tree with these files; the content of each is its path.
    fn of(paths: &[&str]) -> Self {
        let tree = Self::new();
        for path in paths {
            tree.file(path, path);
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.holder.path().join("root")
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) {
        symlink(target, self.root().join(name)).unwrap();
    }

    fn files(&self) -> ScopedFiles {
        self.layered(&[])
    }

    fn layered(&self, layers: &[GlobLayer]) -> ScopedFiles {
        self.limited(layers, &FileLimits::default())
    }

    fn limited(&self, layers: &[GlobLayer], limits: &FileLimits) -> ScopedFiles {
        let scope = PathScope { layers: layers.to_vec() };
        Root::open(&self.root()).unwrap().scoped(&scope, limits).unwrap()
    }
}

fn layer(include: &[&str], exclude: &[&str]) -> GlobLayer {
    GlobLayer {
        include: include.iter().map(ToString::to_string).collect(),
        exclude: exclude.iter().map(ToString::to_string).collect(),
        unless: Vec::new(),
    }
}

fn selection(include: &[&str], exclude: &[&str], options: SelectionOptions) -> Selection {
    let GlobLayer { include, exclude, .. } = layer(include, exclude);
    Selection { include, exclude, options }
}

fn read(files: &ScopedFiles, path: &str) -> Result<Vec<u8>, FileError> {
    match files.observe(&FileRequest::Read { path: path.into() })? {
        FileAnswer::Content { bytes, .. } => Ok(bytes),
        other => panic!("{other:?}"),
    }
}

fn stat(files: &ScopedFiles, path: &str) -> Result<Entry, FileError> {
    match files.observe(&FileRequest::Stat { path: path.into() })? {
        FileAnswer::Entry(entry) => Ok(entry),
        other => panic!("{other:?}"),
    }
}

fn list(files: &ScopedFiles, selection: &Selection) -> Result<(Vec<Entry>, bool), FileError> {
    let selection = selection.clone();
    match files.observe(&FileRequest::List { selection })? {
        FileAnswer::Listing { entries, truncated } => Ok((entries, truncated)),
        other => panic!("{other:?}"),
    }
}

fn search(
    files: &ScopedFiles,
    pattern: &str,
    selection: &Selection,
) -> Result<(Vec<Match>, bool), FileError> {
    let (pattern, selection) = (pattern.to_owned(), selection.clone());
    match files.observe(&FileRequest::Search { pattern, selection })? {
        FileAnswer::Matches { matches, truncated } => Ok((matches, truncated)),
        other => panic!("{other:?}"),
    }
}

/// The paths of a complete listing.
fn listed(files: &ScopedFiles, selection: &Selection) -> Vec<String> {
    let (entries, truncated) = list(files, selection).unwrap();
    assert!(!truncated);
    entries.into_iter().map(|entry| entry.path).collect()
}

fn everything() -> SelectionOptions {
    SelectionOptions { ignored: true, hidden: true, directories: true, limit: None }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, FileError>, kind: FileErrorKind, code: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
    assert!(!error.message.contains("os error"), "{error}");
}
