#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod conversions;
mod questions;
mod reading;
mod validation;

use std::fs;

use baton_tool_kit::Tree;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> (TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        fs::write(folder.path().join(path), text).unwrap();
    }
    let tree = Tree::new(folder.path());
    (folder, tree)
}
