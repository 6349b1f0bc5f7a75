//! A project whose agents are models of a provider that a test holds back, and a script that asks.

use std::process::Command;

use baton_test_llm::{Api, FakeLlm, Hold, Reply, Seen};
use baton_test_support::Project;
pub use baton_test_support::until;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::terminal::Terminal;

/// Three agents at once, and a question when they have ended.
const REVIEW: &str = "export const meta = { name: 'review', description: 'Reviews and asks.',
  phases: [{ title: 'Review' }, { title: 'Publish' }] }
phase('Review')
const found = await parallel([1, 2, 3].map(part => () =>
  agent(`Review part ${part} of the manual. Quote what you object to.`, { label: `part ${part}` })))
phase('Publish')
const choices = ['as issues', 'as one report']
const details = 'Three parts were reviewed.'
const answer = await baton.gate('Publish the findings?', { label: 'publish', choices, details })
return { found: found.filter(one => one !== null).length, answer }
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
    /// One whose agents all say the same, when they are let.
    pub fn new() -> Self {
        let text = "Chapter 2 says \u{1b}[2Jthe opposite of chapter 1.";
        Self::answering(move |_, hold| Reply::text(text).usage(1_200, 34).held(hold))
    }

    /// One whose provider answers so.
    pub fn answering(answer: impl Fn(&Seen, &Hold) -> Reply + Send + Sync + 'static) -> Self {
        let (hold, runtime) = (Hold::default(), Runtime::new().unwrap());
        let held = hold.clone();
        let answer = move |seen: &Seen| answer(seen, &held);
        let server = runtime.block_on(FakeLlm::start(answer)).unwrap();
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        project.write("review.js", REVIEW);
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

    /// Starts the review in a process of its own, and waits until all its agents are asked.
    pub fn review(&self) -> String {
        self.review_of(&[])
    }

    /// The same with further arguments.
    pub fn review_of(&self, more: &[&str]) -> String {
        let run = ["run", "review.js", "--extensions", "--yes", "--detach", "--json"];
        let agent = ["--agent", "anthropic:claude-haiku-4-5"];
        let output = self.command(&[&run[..], &agent, more].concat()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let begun: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {told}"));
        until("all agents are asked", || self.server.requests() >= 3);
        begun["run"].as_str().unwrap().to_owned()
    }

    /// Watches on a terminal of this size.
    pub fn watch(&self, more: &[&str], size: (u16, u16)) -> Terminal {
        Terminal::start(&self.command(&[&["watch"], more].concat()), size)
    }

    /// The row of a run.
    pub fn row(&self, run: &str) -> Value {
        let rows = self.project.lines(&["ls", "--json", "--limit", "0"]);
        rows.into_iter().find(|row| row["run"] == run).unwrap()
    }
}

impl Drop for Place {
    /// Lets no process in the background outlive its test.
    fn drop(&mut self) {
        let Ok(output) = self.command(&["ls", "--json", "--limit", "0"]).output() else { return };
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let row: Value = serde_json::from_str(line).unwrap_or_default();
            if let (Some(run), Some(true)) = (row["run"].as_str(), row["owned"].as_bool()) {
                let _ = self.command(&["cancel", run]).output();
            }
        }
    }
}
