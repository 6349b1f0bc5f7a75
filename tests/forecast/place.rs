//! A project with workflows and files, and a provider on loopback.

use std::process::{Command, Output};

use baton_test_llm::{Api, FakeLlm, Reply, Seen};
use baton_test_support::Project;
use serde_json::Value;
use tokio::runtime::Runtime;

/// The model of this suite: one whose tokens are counted as its provider counts them.
pub const MODEL: &str = "openai:gpt-5-mini";

/// A project.
pub struct Place {
    pub project: Project,
    pub server: FakeLlm,
    /// The server lives in it.
    _runtime: Runtime,
}

impl Place {
    /// A project of these files below its root, with a provider that answers so.
    pub fn new(
        files: &[(&str, &str)],
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(FakeLlm::start(answer)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        for (path, text) in files {
            project.write(&format!("root/{path}"), text);
        }
        Self { project, server, _runtime: runtime }
    }

    /// The binary with a key, and with the provider where the real one would be.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("OPENAI_BASE_URL", self.server.base_url(Api::OpenaiResponses))
            .env("OPENAI_API_KEY", "key-of-the-tests");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The one object that a command prints.
    pub fn object(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments);
        let shown = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&shown).unwrap_or_else(|error| {
            let told = String::from_utf8_lossy(&output.stderr);
            panic!("{arguments:?}: {error}\n{shown}\n{told}")
        })
    }

    /// What a command says to people.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let texts = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        texts.join("\n")
    }
}
