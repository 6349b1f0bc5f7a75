//! A home, a worker program that leaves traces outside of it, and the binary.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// One test's folder: a home for runs, a worker, and the traces it leaves.
pub struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.dir.path().join("root")).unwrap();
        bench.install("hello");
        bench
    }

    /// Puts an embedded component where a user would have it.
    pub fn install(&self, name: &str) -> PathBuf {
        let bytes = baton_plugins::find(name).unwrap().bytes;
        let path = self.path(&format!("{name}.wasm"));
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// A worker that notes its start and its process, takes `seconds`, and answers with the number
    /// of its task. Returns it as a backend.
    pub fn worker(&self, seconds: &str) -> String {
        self.program(seconds, "cat > /dev/null; answer=\"done ${BATON_TASK#*/}\"")
    }

    /// The worker answers no more calls than these and those that it is at work on then, until
    /// [`Self::let_go`].
    pub fn answer_only(&self, calls: usize) {
        fs::write(self.path("limit"), calls.to_string()).unwrap();
    }

    /// Every call is answered from now on.
    pub fn let_go(&self) {
        fs::remove_file(self.path("limit")).unwrap();
    }

    /// The same, but it answers with its prompt, which must be plain words.
    pub fn echo(&self, seconds: &str) -> String {
        self.program(seconds, r#"answer=$(sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')"#)
    }

    fn program(&self, seconds: &str, answer: &str) -> String {
        let path = self.path("worker.sh");
        let script = format!(
            "#!/bin/sh\n\
             cd '{}'\n\
             echo \"${{BATON_TASK#*/}} $$\" >> starts\n\
             {answer}\n\
             sleep {seconds}\n\
             while [ -e limit ] && [ \"$(wc -l < answers)\" -ge \"$(cat limit)\" ]; do sleep 0.02; done\n\
             echo >> answers\n\
             printf '{{\"output\":\"%s\"}}' \"$answer\"\n",
            self.dir.path().display()
        );
        fs::write(self.path("answers"), "").unwrap();
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("command:{}", path.display())
    }

    /// Starts of the worker by task, with the process ids.
    pub fn starts(&self) -> BTreeMap<String, Vec<u32>> {
        let mut starts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for line in fs::read_to_string(self.path("starts")).unwrap_or_default().lines() {
            let (task, pid) = line.split_once(' ').unwrap();
            starts.entry(task.into()).or_default().push(pid.parse().unwrap());
        }
        starts
    }

    pub fn baton(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.dir.path())
            .env("BATON_HOME", self.home())
            // Compiled components are shared by all tests: they are known by their digest.
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.baton().args(args).output().unwrap()
    }

    /// Runs to the end and reads the JSON object on standard output.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{args:?}: {error}\n{}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// JSON Lines of a command.
    pub fn lines(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub fn spawn(&self, args: &[&str]) -> Child {
        self.baton().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The id of the only run.
    pub fn only_run(&self) -> Option<String> {
        let output = self.run(&["ls", "--json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let row: Value = serde_json::from_str(text.lines().next()?).ok()?;
        row["run"].as_str().map(str::to_owned)
    }
}

/// Names for that many agents.
pub fn names(count: usize) -> String {
    let names: Vec<String> = (1..=count).map(|number| format!("n{number}")).collect();
    serde_json::json!({ "names": names }).to_string()
}
