//! A folder that is a project of its own: a root, a home that nobody else knows, and the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A project.
pub struct Project {
    dir: TempDir,
    binary: &'static str,
    cache: PathBuf,
}

impl Project {
    /// An empty project for the binary at `binary`. What it compiles is kept below `temporary`, so
    /// that the tests of a suite compile each component once. Suites pass `CARGO_BIN_EXE_baton` and
    /// `CARGO_TARGET_TMPDIR` as they see them.
    #[must_use]
    pub fn new(binary: &'static str, temporary: &str) -> Self {
        let project = Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            binary,
            cache: Path::new(temporary).join("cache"),
        };
        fs::create_dir(project.path("root")).expect("a folder");
        // The top of a repository: nothing above it is looked at.
        fs::create_dir(project.path(".git")).expect("a folder");
        project
    }

    /// A path inside it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and the folders it needs.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, bytes).expect("a file");
    }

    /// Text of a file; empty if there is none.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The binary with arguments, in the project, with an environment of its own.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "tester")
            .env("HOME", self.path("person"))
            .env("BATON_HOME", self.path("home"))
            .env("XDG_CACHE_HOME", &self.cache)
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    #[must_use]
    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Starts it.
    #[must_use]
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs")
    }

    /// What a command prints as JSON Lines, whatever its exit code.
    #[must_use]
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.output(arguments);
        let shown = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| {
                panic!("{arguments:?}: {error}\n{line}\n{told}");
            })
        };
        let lines: Vec<Value> = shown.lines().map(parse).collect();
        assert!(!lines.is_empty(), "{arguments:?} printed nothing\n{told}");
        lines
    }

    /// The one object that a command prints, whatever its exit code.
    #[must_use]
    pub fn object(&self, arguments: &[&str]) -> Value {
        let mut lines = self.lines(arguments);
        assert_eq!(lines.len(), 1, "{arguments:?}: {lines:?}");
        lines.remove(0)
    }

    /// The records of a run.
    #[must_use]
    pub fn journal(&self, run: &str) -> Vec<Value> {
        self.lines(&["journal", run, "--json"])
    }

    /// The id of the run that was started last.
    #[must_use]
    pub fn last_run(&self) -> String {
        let runs = self.lines(&["ls", "--json"]);
        let id = runs.first().and_then(|run| run["run"].as_str());
        id.expect("a run").to_owned()
    }
}
