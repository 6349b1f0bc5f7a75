#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod local;
mod pages;

use std::fs;

use baton_tool_kit::Tree;
use tempfile::TempDir;

use crate::{CheckOutput, LinkStatus};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> (TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let tree = Tree::new(folder.path());
    (folder, tree)
}

fn rows(output: &CheckOutput) -> Vec<(&str, u32, &str, LinkStatus)> {
    let results = output.results.iter();
    results.map(|one| (one.path.as_str(), one.line, one.target.as_str(), one.status)).collect()
}
