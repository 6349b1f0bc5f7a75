//! A project whose agents are models of a provider on loopback.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use baton_test_support::Project;
use serde_json::Value;
use tokio::runtime::Runtime;

/// The model of these suites: a dollar per million tokens sent, five per million received.
pub const MODEL: &str = "anthropic:claude-haiku-4-5";

/// As many agents as `args` says, all at once, each with a prompt of its own.
const MANY: &str = "export const meta = { name: 'many', description: 'Many agents.' }
return await parallel(Array.from({ length: args }, (_, i) => () => agent(`Task ${i}.`)))
";

/// A project and its provider.
pub struct Place {
    pub project: Project,
    pub server: FakeLlm,
    /// The server lives in it.
    _runtime: Runtime,
}

impl Place {
    /// With a provider that answers like this.
    pub fn new(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(FakeLlm::start(script)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("many.js", MANY);
        Self { project, server, _runtime: runtime }
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

    /// Runs a command that prints one object, and says how it ended.
    pub fn object(&self, arguments: &[&str]) -> (Value, i32) {
        let output = self.output(arguments);
        let (shown, told) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let value = serde_json::from_str(&shown)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{shown}\n{told}"));
        (value, output.status.code().unwrap())
    }

    /// Starts `many.js` with so many agents and further arguments.
    pub fn many(&self, agents: usize, more: &[&str]) -> (Value, i32) {
        let agents = agents.to_string();
        let mut arguments =
            vec!["run", "many.js", "--args-json", &agents, "--agent", MODEL, "--yes", "--json"];
        arguments.extend(more);
        self.object(&arguments)
    }

    /// How often each prompt was asked.
    pub fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for seen in self.server.log() {
            *asked.entry(seen.by("user")).or_default() += 1;
        }
        asked
    }
}

/// The kind of a record, and what is in it.
pub fn body(record: &Value) -> (&str, &Value) {
    (record["kind"].as_str().unwrap_or_else(|| panic!("{record}")), &record["body"])
}

/// Numbers of the records of a kind.
pub fn places(journal: &[Value], kind: &str) -> Vec<usize> {
    let is = |record: &Value| body(record).0 == kind;
    (0..journal.len()).filter(|place| is(&journal[*place])).collect()
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
