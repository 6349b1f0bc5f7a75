//! A project with a worker that notes every call.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use baton_test_support::Project;
use serde_json::Value;
use tokio::runtime::Runtime;

/// Notes each prompt beside itself, outside of the root, and answers with it and what `say` holds.
/// Prompts are plain words.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
prompt=$(sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "$prompt" >> "$here/calls"
case $prompt in
    *broken*) [ -e "$here/broken" ] && exit 7 ;;
    *slow*) while [ ! -e "$here/go" ]; do sleep 0.02; done ;;
esac
printf '{"output":"%s%s","usage":{"output_tokens":5,"cost_usd":0.01}}' "$prompt" "$(cat "$here/say" 2>/dev/null)"
"#;

/// A project and what its worker did, or its provider of models.
pub struct Bench {
    pub project: Project,
    provider: Option<(FakeLlm, Runtime)>,
}

/// The model of the provider.
pub const MODEL: &str = "anthropic:claude-haiku-4-5";

/// What a command that drives a run came to.
#[derive(Debug)]
pub struct Ran {
    pub shown: Value,
    pub told: String,
    /// Prompts that were performed, in the order of their calls.
    pub calls: Vec<String>,
}

impl Ran {
    pub fn run(&self) -> &str {
        self.shown["run"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }

    pub fn output(&self) -> &Value {
        &self.shown["output"]
    }

    pub fn agents(&self) -> u64 {
        self.shown["usage"]["agents"].as_u64().unwrap()
    }

    pub fn state(&self) -> &str {
        self.shown["state"].as_str().unwrap_or_default()
    }
}

impl Bench {
    pub fn new() -> Self {
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("worker.sh", WORKER);
        let worker = project.path("worker.sh");
        fs::set_permissions(worker, fs::Permissions::from_mode(0o755)).unwrap();
        project.write("root/page.md", "one");
        Self { project, provider: None }
    }

    /// With a provider of models that answers with what it is asked.
    pub fn with_provider() -> Self {
        let runtime = Runtime::new().unwrap();
        let answer = |seen: &Seen| Reply::text(prompt(seen));
        let server = runtime.block_on(FakeLlm::start(answer)).unwrap();
        Self { provider: Some((server, runtime)), ..Self::new() }
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.project.command(arguments);
        if let Some((server, _)) = &self.provider {
            command
                .env("ANTHROPIC_BASE_URL", server.base_url(Api::Anthropic))
                .env("ANTHROPIC_API_KEY", "key-of-the-tests");
        }
        command.output().unwrap()
    }

    /// Prompts that were performed so far, in the order of their calls.
    pub fn calls(&self) -> Vec<String> {
        match &self.provider {
            Some((server, _)) => server.log().iter().map(prompt).collect(),
            None => self.project.read("calls").lines().map(ToOwned::to_owned).collect(),
        }
    }

    /// Runs a command that prints one JSON object, whatever its exit code.
    pub fn ran(&self, arguments: &[&str]) -> Ran {
        let before = self.calls().len();
        let output = self.output(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{told}"));
        Ran { shown, told, calls: self.calls().split_off(before) }
    }

    /// Runs a script in the root with the worker; `more` are further flags.
    pub fn run(&self, script: &str, more: &[&str]) -> Ran {
        self.ran(&[&starting(script)[..], more].concat())
    }

    /// Forks with a JSON result.
    pub fn fork(&self, arguments: &[&str]) -> Ran {
        self.ran(&[&["fork"], arguments, &["--json"]].concat())
    }

    /// What a command that must fail says, and its exit code.
    pub fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.output(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}\n{told}");
        (output.status.code().unwrap_or_default(), told)
    }

    /// The difference of two runs, and whether the command says that there is one.
    pub fn diff(&self, a: &str, b: &str) -> (i32, Value) {
        let output = self.output(&["diff", a, b, "--json"]);
        let shown = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap_or_default(), shown)
    }

    /// Places of the tasks that are different, with how, and which parts.
    pub fn changes(&self, a: &str, b: &str) -> Vec<String> {
        let (_, shown) = self.diff(a, b);
        // Where tasks end in another order, those that follow them have other places: no change.
        let tasks = shown["tasks"].as_array().unwrap().iter();
        let tasks = tasks.filter(|task| task["change"] != "moved").map(|task| {
            let id = task["b"].as_str().or(task["a"].as_str()).unwrap_or_default();
            let path = id.split_once('/').map_or("", |(_, path)| path);
            let parts = names(&task["parts"]);
            format!("{} {path}: {}", task["change"].as_str().unwrap(), parts.join(", "))
        });
        let outcome = names(&shown["outcome"]);
        let run = (!outcome.is_empty()).then(|| format!("run: {}", outcome.join(", ")));
        tasks.chain(run).collect()
    }

    pub fn tasks(&self, run: &str) -> Vec<Value> {
        self.project.lines(&["tree", run, "--json"])
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        baton_test_support::until(what, || done(self));
    }

    /// Says that the record of a run reproduces.
    pub fn reproduces(&self, run: &str) -> Value {
        let output = self.output(&["replay", run, "--json"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{run}: {told}");
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(shown["same"], true, "{shown}");
        shown
    }
}

/// What a model was asked.
fn prompt(seen: &Seen) -> String {
    seen.by("user").lines().next().unwrap_or_default().to_owned()
}

fn names(parts: &Value) -> Vec<&str> {
    parts.as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap()).collect()
}

/// The command that runs a script in the root with the worker.
pub fn starting(script: &str) -> [&str; 8] {
    ["run", script, "--root", "root", "--agent", "command:./worker.sh", "--yes", "--json"]
}

/// A script with a name of its own.
pub fn script(body: &str) -> String {
    format!("export const meta = {{ name: 'flow', description: 'asks' }}\n{body}")
}
