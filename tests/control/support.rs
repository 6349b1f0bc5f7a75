//! A project whose agents are models of a provider that a test holds back, and a script that asks.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};

use baton_test_llm::{Api, FakeLlm, Hold, Reply};
use baton_test_support::Project;
pub use baton_test_support::{alive, signal, until};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The model of this suite.
pub const MODEL: &str = "anthropic:claude-haiku-4-5";

/// Asks one question, whose options are its input, and returns the answer.
const ASK: &str = "export const meta = { name: 'ask', description: 'Asks people.' }
return await baton.gate('Ship it?', args)
";

/// As many agents as `args` says, all at once, in one phase.
const MANY: &str =
    "export const meta = { name: 'many', description: 'Many agents.', phases: [{ title: 'Work' }] }
phase('Work')
return await parallel(Array.from({ length: args }, (_, i) => () => agent(`Task ${i}.`)))
";

/// A project and its provider.
pub struct Place {
    pub project: Project,
    pub server: FakeLlm,
    /// Keeps every answer of the provider back.
    pub hold: Hold,
    /// The server lives in it.
    _runtime: Runtime,
}

impl Place {
    pub fn new() -> Self {
        let (hold, runtime) = (Hold::default(), Runtime::new().unwrap());
        let held = hold.clone();
        let script = move |seen: &baton_test_llm::Seen| {
            Reply::text(format!("done: {}", seen.by("user"))).held(&held)
        };
        let server = runtime.block_on(FakeLlm::start(script)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("ask.js", ASK);
        project.write("many.js", MANY);
        Self { project, server, hold, _runtime: runtime }
    }

    /// The binary with a key, and with the provider where the real one would be.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url(Api::Anthropic))
            .env("ANTHROPIC_API_KEY", "key-of-the-tests");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command; its exit code, standard output and standard error.
    pub fn said(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// Runs a command that prints one object, and says how it ended.
    pub fn object(&self, arguments: &[&str]) -> (Value, i32) {
        let (code, shown, told) = self.said(arguments);
        let value = serde_json::from_str(&shown)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{shown}\n{told}"));
        (value, code)
    }

    /// Starts a command whose output is kept.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Follows a run, and waits until what was so far is shown; the process, and the file of what it says.
    pub fn attached(&self, run: &str) -> (Child, &'static str) {
        const TOLD: &str = "told-by-attach";
        let told = std::fs::File::create(self.project.path(TOLD)).unwrap();
        let mut command = self.command(&["attach", run, "--json"]);
        let child = command.stdout(Stdio::piped()).stderr(told).spawn().unwrap();
        until("it is shown", || !self.project.read(TOLD).is_empty());
        (child, TOLD)
    }

    /// Runs `ask.js` with these options of its gate and further arguments.
    pub fn ask(&self, options: &Value, more: &[&str]) -> (Value, i32) {
        let options = options.to_string();
        let run = ["run", "ask.js", "--extensions", "--yes", "--json", "--args-json", &options];
        self.object(&[&run[..], more].concat())
    }

    /// Starts `many.js` in the background; its run.
    pub fn many(&self, agents: usize, more: &[&str]) -> String {
        let agents = agents.to_string();
        let run = ["run", "many.js", "--args-json", &agents, "--agent", MODEL, "--yes"];
        let (begun, code) = self.object(&[&run[..], &["--detach", "--json"], more].concat());
        assert_eq!(code, 0, "{begun}");
        begun["run"].as_str().unwrap().to_owned()
    }

    /// Waits until the provider was asked so often.
    pub fn asked(&self, requests: usize) {
        until("the provider is asked", || self.server.requests() >= requests);
    }

    /// What `ls --waiting` lists.
    pub fn waiting(&self) -> Vec<Value> {
        let (_, shown, _) = self.said(&["ls", "--waiting", "--json"]);
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The row of a run.
    pub fn row(&self, run: &str) -> Value {
        let rows = self.project.lines(&["ls", "--json", "--limit", "0"]);
        rows.into_iter().find(|row| row["run"] == run).unwrap()
    }

    /// Waits until a run is in a state.
    pub fn reaches(&self, run: &str, state: &str) {
        until(state, || self.row(run)["state"] == state);
    }

    /// Writes a program.
    pub fn program(&self, name: &str, script: &str) {
        self.project.write(name, script);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.project.path(name), mode).unwrap();
    }
}

impl Drop for Place {
    /// A test that failed leaves nothing at work in the background.
    fn drop(&mut self) {
        let Ok(output) = self.command(&["ls", "--json", "--limit", "0"]).output() else { return };
        for row in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(row) = serde_json::from_str::<Value>(row) else { continue };
            if row["owned"] == true
                && let Some(run) = row["run"].as_str()
            {
                // Whether it worked is no matter here.
                let _ = self.command(&["cancel", run]).output();
            }
        }
    }
}

/// The kinds of records, in order.
pub fn kinds(journal: &[Value]) -> Vec<&str> {
    journal.iter().map(|record| record["kind"].as_str().unwrap()).collect()
}
