//! A project, a provider that plays what a test tells it to, and what can be seen of both.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use baton_test_support::Project;
pub use baton_test_support::{kill_9, once, signal, until};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The model of this suite: a dollar per million tokens sent, five per million received.
pub const MODEL: &str = "anthropic:claude-haiku-4-5";

/// Agents at work at once where nobody says otherwise.
pub const AT_ONCE: usize = 16;

/// As many agents as `args` says, all at once, each with a prompt of its own.
pub const MANY: &str = "export const meta = { name: 'many', description: 'Many agents.' }
return await parallel(Array.from({ length: args }, (_, i) => () => agent(`Task ${i}.`)))
";

/// Notes the prompt, its attempt and its process beside itself, and answers with the prompt. What it
/// does before is said by the prompt, which is plain words.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "$BATON_ATTEMPT $$ $prompt" >> "$here/attempts"
echo "$prompt" >> "$here/calls"
case $prompt in
    *hold*) until [ -e "$here/gate" ]; do sleep 0.02; done ;;
    *tell*) printf '%s' "$task" > "$here/told-$$" ;;
    *fail*) exit 7 ;;
esac
printf '{"output":"%s","usage":{"output_tokens":5}}' "$prompt"
"#;

/// A project and its provider.
pub struct Place {
    pub project: Project,
    pub server: FakeLlm,
    /// The server lives in it.
    _runtime: Runtime,
}

/// What a command that prints one object came to.
pub struct Ended {
    pub exit: i32,
    pub shown: Value,
    pub told: String,
}

impl Ended {
    pub fn new(arguments: &[&str], output: &Output) -> Self {
        let shown = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let exit = output.status.code().unwrap_or(-1);
        let shown = serde_json::from_str(&shown)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{shown}\n{told}"));
        Self { exit, shown, told }
    }

    pub fn run(&self) -> String {
        self.shown["run"].as_str().unwrap_or_else(|| panic!("{}", self.shown)).to_owned()
    }

    /// The state in which it let go of the run.
    pub fn state(&self) -> &str {
        self.shown["state"].as_str().unwrap()
    }

    /// The output as a list.
    pub fn list(&self) -> &Vec<Value> {
        self.shown["output"].as_array().unwrap_or_else(|| panic!("{}", self.shown))
    }

    /// It is done.
    #[track_caller]
    pub fn done(&self) {
        assert_eq!((self.state(), self.exit), ("done", 0), "{}\n{}", self.shown, self.told);
    }
}

impl Place {
    /// With a provider that answers like this.
    pub fn new(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(FakeLlm::start(script)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("many.js", MANY);
        project.write("worker.sh", WORKER);
        let worker = project.path("worker.sh");
        fs::set_permissions(worker, fs::Permissions::from_mode(0o755)).unwrap();
        Self { project, server, _runtime: runtime }
    }

    /// For tests whose agents are programs: nobody asks the provider.
    pub fn of_programs() -> Self {
        Self::new(|_: &Seen| Reply::text("nobody should ask"))
    }

    /// The binary with a key, and with the provider where the real ones would be.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url(Api::Anthropic))
            .env("ANTHROPIC_API_KEY", "key-of-the-tests")
            .env("OPENAI_BASE_URL", self.server.base_url(Api::OpenaiChat))
            .env("OPENAI_API_KEY", "another-key-of-the-tests");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a command whose output is read at its end.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs a command that prints one object.
    pub fn object(&self, arguments: &[&str]) -> Ended {
        Ended::new(arguments, &self.output(arguments))
    }

    /// Standard output and standard error of a command, whatever its exit code.
    pub fn text(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = self.output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
    }

    /// Writes a script with this body, and returns the arguments that run it with the model.
    pub fn flow<'a>(&self, body: &str, more: &[&'a str]) -> Vec<&'a str> {
        self.project.write(
            "flow.js",
            format!("export const meta = {{ name: 'flow', description: 'A flow.' }}\n{body}\n"),
        );
        [&["run", "flow.js", "--agent", MODEL, "--yes", "--json"], more].concat()
    }

    /// The same with the worker.
    pub fn work<'a>(&self, body: &str, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = self.flow(body, more);
        arguments[3] = "command:./worker.sh";
        arguments
    }

    /// Runs `many.js` with so many agents and further arguments.
    pub fn many(&self, agents: usize, more: &[&str]) -> Ended {
        let agents = agents.to_string();
        let fixed = ["run", "many.js", "--args-json", &agents, "--agent", MODEL, "--yes", "--json"];
        self.object(&[&fixed[..], more].concat())
    }

    pub fn resume(&self, run: &str, more: &[&str]) -> Ended {
        self.object(&[&["resume", run, "--json"], more].concat())
    }

    /// How often each prompt was asked of the provider. `user` is all that was said to the model.
    pub fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for seen in self.server.log() {
            *asked.entry(seen.by("user")).or_default() += 1;
        }
        asked
    }

    /// Prompts that were asked after so many requests.
    pub fn asked_after(&self, requests: usize) -> Vec<String> {
        let mut asked: Vec<String> =
            self.server.log().iter().skip(requests).map(|seen| seen.by("user")).collect();
        asked.sort();
        asked
    }

    /// Prompts that the worker was called with, in order.
    pub fn calls(&self) -> Vec<String> {
        self.project.read("calls").lines().map(ToOwned::to_owned).collect()
    }

    /// Tasks of a run, as `tree --json` shows them.
    pub fn tasks(&self, run: &str) -> Vec<Value> {
        self.project.lines(&["tree", run, "--json"])
    }

    /// How many tasks of a run are in a state.
    pub fn count(&self, run: &str, state: &str) -> usize {
        self.tasks(run).iter().filter(|task| task["state"] == state).count()
    }

    /// The row of a run in `ls --json`.
    pub fn row(&self, run: &str) -> Value {
        let rows = self.project.lines(&["ls", "--json", "--limit", "0"]);
        rows.into_iter().find(|row| row["run"] == run).unwrap_or_else(|| panic!("no {run}"))
    }

    /// The newest run, as soon as there is one.
    pub fn newest(&self) -> String {
        once("a run", || {
            let (shown, ..) = self.text(&["ls", "--json"]);
            let row: Value = serde_json::from_str(shown.lines().next()?).ok()?;
            row["run"].as_str().map(ToOwned::to_owned)
        })
    }
}

/// Stops a run by hand: the first signal lets what is at work end, the second does not.
pub fn stop(child: Child) -> Ended {
    signal("-INT", child.id());
    signal("-TERM", child.id());
    ended(child)
}

/// What a process that was spawned printed, at its end.
pub fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended::new(&["a process that was spawned"], &output)
}

/// The kind of a record, and what is in it.
pub fn body(record: &Value) -> (&str, &Value) {
    (record["kind"].as_str().unwrap_or_else(|| panic!("{record}")), &record["body"])
}

/// Numbers of the records of a kind.
pub fn places(journal: &[Value], kind: &str) -> Vec<usize> {
    (0..journal.len()).filter(|place| body(&journal[*place]).0 == kind).collect()
}

/// Tasks that the records of a kind name, within a part of the journal.
pub fn tasks(journal: &[Value], kind: &str) -> Vec<String> {
    let mut tasks = Vec::new();
    for record in journal.iter().filter(|record| body(record).0 == kind) {
        let value = body(record).1;
        match value["tasks"].as_array() {
            Some(starts) => tasks.extend(starts.iter().map(|start| start["task"].to_string())),
            None => tasks.push(value["task"].to_string()),
        }
    }
    tasks
}

/// The prompts `Task 0.` to `Task n.` as the provider sees them, sorted as text.
pub fn prompts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    let mut prompts: Vec<String> =
        numbers.into_iter().map(|number| format!("Task {number}.")).collect();
    prompts.sort();
    prompts
}
