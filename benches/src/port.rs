//! A port that keeps nothing: what remains is the cost of the host.

use baton_core::budget::Amounts;
use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileErrorKind, FileRequest};
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_host::port::{PortError, PortFuture, ToolOffer, WorkflowPort};

/// Numbers what is spawned, and ends each task with a text as soon as it is waited for.
#[derive(Debug, Default)]
pub struct Instant {
    spawned: u64,
}

impl WorkflowPort for Instant {
    fn command(&mut self, command: Command, _fuel: u64) -> Result<Reply, PortError> {
        Ok(match command {
            Command::Report(_) | Command::Listen | Command::Cancel { .. } => Reply::Nothing,
            Command::SpawnAgent(_)
            | Command::SpawnWorkflow(_)
            | Command::SpawnTool(_)
            | Command::AskGate(_)
            | Command::Sleep { .. } => {
                self.spawned += 1;
                Reply::Task(self.spawned)
            }
        })
    }

    fn gate_problem(&self, _options: &str) -> PortFuture<'static, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn artifact(
        &mut self,
        _name: String,
        _media_type: String,
        bytes: Vec<u8>,
        _fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        Ok(Ok(Digest::of(&bytes)))
    }

    fn wait(
        &mut self,
        tasks: Option<Vec<u64>>,
        _fuel: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>> {
        let first = tasks.and_then(|tasks| tasks.first().copied());
        Box::pin(async move {
            Ok(first.ok_or(WaitError::NothingToWaitFor).map(|task| {
                let output = Json::from(serde_json::json!("done"));
                let outcome = Outcome::Done(Handoff { output, ..Handoff::default() });
                Delivery::Completion { task, outcome, usage: Usage::default() }
            }))
        })
    }

    fn observe(
        &mut self,
        _request: FileRequest,
        _fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        let denied = FileError::new(FileErrorKind::Denied, "no-grant", "not granted");
        Box::pin(async { Ok(Err(denied)) })
    }

    fn now(&self) -> Timestamp {
        Timestamp(1_000)
    }

    fn tools(&self) -> Vec<ToolOffer> {
        Vec::new()
    }

    fn budget(&self) -> BudgetView {
        BudgetView { granted: Amounts::default(), spent: Usage::default() }
    }
}
