#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod comparing;
mod reading;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use baton_tool_kit::Tree;
use tempfile::TempDir;

/// A repository made by git itself, where every commit is an hour later than the one before.
struct Made {
    folder: TempDir,
    hours: std::cell::Cell<u32>,
}

impl Made {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap(), hours: 0.into() };
        made.git(&["init", "--quiet", "--initial-branch=main"]);
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
        self.git_with(arguments, "")
    }

    fn git_with(&self, arguments: &[&str], input: &str) -> String {
        self.hours.set(self.hours.get() + 1);
        let date = format!("{} +0130", 1_700_000_000 + self.hours.get() * 3_600);
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Bob")
            .env("GIT_COMMITTER_EMAIL", "bob@example.org")
            .env("GIT_COMMITTER_DATE", &date)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Writes files (none: removes one), commits, and brings the commit's id.
    fn commit(&self, message: &str, files: &[(&str, Option<&str>)]) -> String {
        for (path, text) in files {
            let place = self.path().join(path);
            match text {
                Some(text) => {
                    fs::create_dir_all(place.parent().unwrap()).unwrap();
                    fs::write(place, text).unwrap();
                }
                None => fs::remove_file(place).unwrap(),
            }
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A history with a branch that was merged.
    fn merged() -> Self {
        let made = Self::new();
        made.commit("first", &[("a.txt", Some("one\ntwo\nthree\n")), ("dir/b.txt", Some("b\n"))]);
        made.git(&["checkout", "--quiet", "-b", "topic"]);
        made.commit("on the topic", &[("dir/c.txt", Some("c\n"))]);
        made.git(&["checkout", "--quiet", "main"]);
        made.commit("Second\n\nWith a body.", &[("a.txt", Some("one\n2\nthree\n"))]);
        made.git(&["merge", "--quiet", "--no-ff", "-m", "merge topic", "topic"]);
        made.commit("last", &[("dir/b.txt", Some("b\nb\n"))]);
        made
    }
}
