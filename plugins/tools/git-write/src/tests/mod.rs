#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod branches;
mod commits;

use std::fs;
use std::path::Path;
use std::process::Command;

use baton_tool_kit::Tree;
use tempfile::TempDir;

/// A repository made by git itself, with one commit.
struct Made {
    folder: TempDir,
}

impl Made {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        made.git(&["init", "--quiet", "--initial-branch=main"]);
        fs::create_dir(made.path().join("dir")).unwrap();
        for (path, text) in [("a.txt", "a\n"), ("dir/b.txt", "b\n"), ("run", "#!/bin/sh\n")] {
            fs::write(made.path().join(path), text).unwrap();
        }
        made.git(&["add", "--all"]);
        made.git(&["update-index", "--chmod=+x", "run"]);
        made.git(&["commit", "--quiet", "-m", "first"]);
        made.git(&["checkout", "--quiet", "--", "."]);
        made
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn tree(&self) -> Tree {
        Tree::new(self.path())
    }

    /// What git says, without the line break at its end.
    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}
