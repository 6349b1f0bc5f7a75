//! A repository, and a provider of models on loopback that answers by a script.

use std::process::{Command, Output};

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use baton_test_support::Project;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The model of these suites.
pub const MODEL: &str = "anthropic:claude-haiku-4-5";

/// A project whose folder `root` is a repository.
pub struct Place {
    pub project: Project,
    pub server: FakeLlm,
    /// The server lives in it.
    _runtime: Runtime,
}

impl Place {
    /// A repository with one commit of these files.
    pub fn new(
        files: &[(&str, &str)],
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(FakeLlm::start(script)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        let place = Self { project, server, _runtime: runtime };
        place.git(&["init", "--quiet", "--initial-branch=main"]);
        place.commit(files);
        place
    }

    /// Writes files and commits them.
    pub fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.project.write(&format!("root/{path}"), text);
        }
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", "a commit"]);
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Tester", "-c", "user.email=tester@example.org"])
            .args(arguments)
            .current_dir(self.project.path("root"))
            .env("HOME", self.project.path("person"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The binary with a key, and with the provider where the real one would be.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url(Api::Anthropic))
            .env("ANTHROPIC_API_KEY", "key-of-the-tests");
        command
    }

    /// Runs a workflow over the repository and gives what it printed.
    pub fn run(&self, workflow: &str, input: &Value, more: &[&str]) -> Value {
        let input = input.to_string();
        let mut arguments =
            vec!["run", workflow, "--root", "root", "--yes", "--json", "--input", &input];
        arguments.extend(more);
        object(self.command(&arguments).output().unwrap())
    }
}

/// The one object that was printed.
pub fn object(output: Output) -> Value {
    let shown = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&shown).unwrap_or_else(|error| {
        panic!("{error}\n{shown}\n{}", String::from_utf8_lossy(&output.stderr))
    })
}

/// A model hands in.
pub fn submit(output: Value) -> Reply {
    Reply::call("submit", json!({ "output": output, "summary": "Done." })).usage(1_000, 100)
}

/// Records of a kind, in order.
pub fn records(journal: &[Value], kind: &str) -> Vec<Value> {
    let of_kind = journal.iter().filter(|record| record["kind"] == kind);
    of_kind.map(|record| record["body"].clone()).collect()
}
