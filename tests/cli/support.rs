//! Runs the real binary in a clean environment and shows everything it said.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;

use tempfile::TempDir;

/// An empty project with nothing of the person or machine around it.
pub struct Project {
    dir: TempDir,
}

impl Project {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A project whose scripts are read at once: the runner is compiled once for all tests, and
    /// what is said about that stands in none of them.
    pub fn with_scripts() -> Self {
        static COMPILED: Once = Once::new();
        COMPILED.call_once(|| {
            let project = Self::new();
            project.write("x.js", "");
            project.run(&["check", "x.js"]);
        });
        Self::new()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// The command with a cleared environment, a fixed width and the project as working directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("COLUMNS", "100")
            .env("USER", "tester")
            // Compiled components are shared by all tests: they are known by their digest.
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.said(self.command(arguments).output().unwrap())
    }

    /// The same by a person with a home.
    pub fn run_at_home(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        self.said(command.env("HOME", self.path("person")).output().unwrap())
    }

    /// The same with further variables.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.command(arguments);
        self.said(command.envs(variables.iter().copied()).output().unwrap())
    }

    /// The same in a directory of the project.
    pub fn run_in(&self, directory: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        self.said(command.current_dir(self.path(directory)).output().unwrap())
    }

    fn said(&self, output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said {
            exit: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            dir: self.dir.path().canonicalize().unwrap().display().to_string(),
        }
    }
}

/// What a command said.
pub struct Said {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
    dir: String,
}

impl Said {
    /// Exit code, standard output and standard error as one text, with everything that differs
    /// between runs and machines replaced.
    pub fn shown(&self) -> String {
        let mut text = format!("exit {}\n", self.exit);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name}\n{stream}");
            }
        }
        redacted(&text.replace(&self.dir, "[DIR]"))
    }

    /// The only JSON object on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.shown()))
    }
}

/// Ids and digests by their kind.
fn redacted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, length, name)) = next_id(rest) {
        out.push_str(&rest[..at]);
        out.push_str(name);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

fn next_id(text: &str) -> Option<(usize, usize, &'static str)> {
    let kinds = [
        ("run_", 26, "[RUN]"),
        ("batch_", 26, "[BATCH]"),
        ("sha256:", 64, "[DIGEST]"),
        ("sha256:", 12, "[DIGEST]"),
    ];
    kinds
        .into_iter()
        .filter_map(|(prefix, digits, name)| {
            let at = text.match_indices(prefix).map(|(at, _)| at).find(|at| {
                let id = text[at + prefix.len()..].bytes().take_while(u8::is_ascii_alphanumeric);
                id.count() == digits
            })?;
            Some((at, prefix.len() + digits, name))
        })
        .min_by_key(|(at, _, _)| *at)
}
