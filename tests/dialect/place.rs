//! A project with its own home, agents, and the binary.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use baton_test_support::{alive, kill_9, until};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than any case takes. What is still running then hangs.
const PATIENCE: Duration = Duration::from_secs(240);

/// The agent that obeys its prompt, as a component.
pub const COMPONENT: &str = "component:obedient-agent.wasm";
/// The agent that obeys its prompt, as a program.
pub const WORKER: &str = "command:./worker.sh";

/// A project that nobody else knows, with nothing of the person or machine around it.
pub struct Place {
    dir: TempDir,
    processes: Cell<usize>,
}

/// A process that was started.
pub struct Started {
    pub child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    arguments: String,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    /// The exit code; -1 if it was killed.
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), processes: Cell::new(0) };
        place.write("obedient-agent.wasm", baton_test_support::guest("obedient-agent"));
        place.write("worker.sh", include_str!("worker.sh"));
        fs::set_permissions(place.path("worker.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        // The top of a repository: nothing above it is looked at.
        fs::create_dir(place.path(".git")).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The command, with an environment of its own and the project as working directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "tester")
            // Wide enough that nothing is cut.
            .env("COLUMNS", "400")
            .env("HOME", self.path("person"))
            .env("BATON_HOME", self.path("home"))
            // Compiled components are shared by all tests: they are known by their digest.
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .stdin(Stdio::null());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Started {
        self.start_command(self.command(arguments), arguments)
    }

    pub fn start_command(&self, mut command: Command, arguments: &[&str]) -> Started {
        let number = self.processes.get();
        self.processes.set(number + 1);
        let (stdout, stderr) =
            (self.path(&format!("said-{number}")), self.path(&format!("told-{number}")));
        let to = |path: &Path| Stdio::from(fs::File::create(path).unwrap());
        let child = command.stdout(to(&stdout)).stderr(to(&stderr)).spawn().unwrap();
        Started { child, stdout, stderr, arguments: arguments.join(" ") }
    }

    /// Runs to the end.
    pub fn say(&self, arguments: &[&str]) -> Said {
        self.start(arguments).end()
    }

    /// JSON Lines of a command that succeeds.
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.say(arguments);
        assert_eq!(said.exit, 0, "{arguments:?}: {}", said.stderr);
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Records of a run.
    pub fn journal(&self, run: &str) -> Vec<Value> {
        self.lines(&["journal", run, "--json"])
    }

    /// Tasks of a run, in the order of their paths.
    pub fn tree(&self, run: &str) -> Vec<Value> {
        self.lines(&["tree", run, "--json"])
    }

    /// Ids of all runs, newest first.
    pub fn runs(&self) -> Vec<String> {
        let said = self.say(&["ls", "--json", "--limit", "0"]);
        // The journal is made with the first run.
        if said.stderr.contains("there is no journal") {
            return Vec::new();
        }
        assert_eq!(said.exit, 0, "{said:?}");
        let rows = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| row["run"].as_str().unwrap().to_owned()).collect()
    }

    /// What the worker was called with, in the order of its starts.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap_or_default().into()).collect()
    }

    /// How often the worker was called with each prompt.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts.entry(call).or_default() += 1;
        }
        counts
    }

    /// Processes of the workers.
    pub fn pids(&self) -> Vec<u32> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect()
    }

    /// No worker and nothing that one started is left, or will be in a moment: who is told to end ends by
    /// itself.
    #[track_caller]
    pub fn nobody_is_left(&self) {
        until("nobody is left", || !self.pids().into_iter().any(alive));
    }

    /// Lets workers through that hold at a gate.
    pub fn open(&self, gate: &str) {
        self.write(&format!("gate-{gate}"), "");
    }

    /// Forgets what the worker was called with.
    pub fn forget_calls(&self) {
        let _ = fs::remove_file(self.path("calls"));
    }

    /// Starts a command, waits until `moment`, and kills it. Returns the newest run.
    pub fn killed(&self, arguments: &[&str], moment: impl Fn() -> bool) -> String {
        let mut started = self.start(arguments);
        started.until(moment);
        kill_9(started.child);
        self.runs().first().expect("a run").clone()
    }
}

impl Started {
    /// Waits until it said something to the person.
    pub fn tells(&mut self, words: &str) {
        let stderr = self.stderr.clone();
        self.until(|| fs::read_to_string(&stderr).is_ok_and(|text| text.contains(words)));
    }

    /// Waits until something holds while the process is alive.
    pub fn until(&mut self, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended too early: {:?}", self.arguments, self.said(status));
            }
            self.check(began);
            sleep(Duration::from_millis(3));
        }
    }

    /// Waits for the end.
    pub fn end(mut self) -> Said {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.said(status);
            }
            self.check(began);
            sleep(Duration::from_millis(2));
        }
    }

    fn check(&mut self, began: Instant) {
        if began.elapsed() > PATIENCE {
            let _ = self.child.kill();
            let status = self.child.wait().unwrap();
            panic!("{} hangs: {:?}", self.arguments, self.said(status));
        }
    }

    fn said(&self, status: ExitStatus) -> Said {
        let text = |path: &Path| {
            String::from_utf8(fs::read(path).unwrap()).expect("what it said is UTF-8")
        };
        Said {
            exit: status.code().unwrap_or(-1),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        }
    }
}

impl Said {
    /// The only JSON object on standard output.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
