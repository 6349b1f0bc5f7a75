//! A project with scripts, a worker that notes every call, and the binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Notes each call beside itself, outside of the root, and answers with its prompt and a number
/// of its own. Prompts are plain words. Slow ones are answered no more after as many calls as the file `hold`
/// says, while it is there.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "$prompt" >> "$here/calls"
case $prompt in
    *broken*) [ -e "$here/broken" ] && exit 7 ;;
    *slow*) number=$(wc -l < "$here/calls"); sleep 0.05
        while [ "$number" -gt "$(cat "$here/hold" 2>/dev/null || echo 1000000)" ]; do sleep 0.02; done ;;
    *write*) echo "$prompt" >> "$PWD/written.txt" ;;
esac
printf '{"output":"%s, answer %s","usage":{"output_tokens":5}}' "$prompt" "$$"
"#;

/// A folder with a root, a worker and a home that nobody else knows.
pub struct Project {
    dir: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub run: String,
    pub state: String,
    pub output: Value,
    pub reused: u64,
    pub agents: u64,
    /// Prompts that were performed, in the order of their calls.
    pub calls: Vec<String>,
}

impl Project {
    pub fn new() -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        project.write("root/page.md", "one");
        project.write("obedient-agent.wasm", baton_test_support::guest("obedient-agent"));
        project.write("worker.sh", WORKER);
        let worker = project.path("worker.sh");
        fs::set_permissions(worker, fs::Permissions::from_mode(0o755)).unwrap();
        // The top of a repository: nothing above it is looked at.
        fs::create_dir(project.path(".git")).unwrap();
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "tester")
            .env("HOME", self.path("person"))
            .env("BATON_HOME", self.path("home"))
            .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
            .stdin(Stdio::null());
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Calls of the worker so far.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// Runs a command that prints one JSON object, and what the worker did meanwhile.
    pub fn ran(&self, arguments: &[&str]) -> Ran {
        let before = self.calls().len();
        let output = self.output(arguments);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?}: {error}\n{}", String::from_utf8_lossy(&output.stderr))
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert!(shown["run"].is_string(), "{shown}");
        Ran {
            run: text(&shown["run"]),
            state: text(&shown["state"]),
            output: shown["output"].clone(),
            reused: shown["reused"].as_u64().unwrap(),
            agents: shown["usage"]["agents"].as_u64().unwrap(),
            calls: self.calls().split_off(before),
        }
    }

    /// Runs a script in the root with the worker; `more` are further flags.
    pub fn run(&self, script: &str, more: &[&str]) -> Ran {
        self.with("command:./worker.sh", script, more)
    }

    /// Runs a script in the root with a backend.
    pub fn with(&self, backend: &str, script: &str, more: &[&str]) -> Ran {
        let fixed = ["run", script, "--root", "root", "--agent", backend, "--yes", "--json"];
        self.ran(&[&fixed[..], more].concat())
    }

    /// JSON Lines of a command that succeeds.
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.output(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Why agents of a run were performed: labels and codes, in the order of their calls.
    pub fn why(&self, run: &str) -> Vec<(String, String)> {
        let tasks = self.lines(&["tree", run, "--json"]);
        let missed = tasks.iter().filter(|task| task["not_reused"].is_object());
        missed
            .map(|task| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&task["label"]), text(&task["not_reused"]["code"]))
            })
            .collect()
    }
}

/// A script that asks each prompt in parallel and gives back all answers.
pub fn asking(prompts: &[String]) -> String {
    format!(
        "export const meta = {{ name: 'flow', description: 'asks' }}\n\
         const prompts = {}\n\
         return await parallel(prompts.map((prompt) => () => agent(prompt)))\n",
        json!(prompts)
    )
}

/// Prompts that differ by their number.
pub fn numbered(word: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{word} {number}")).collect()
}
