//! A port for a guest that is only asked to read a text: it gets nothing and changes nothing.

use baton_core::budget::Amounts;
use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileErrorKind, FileRequest};
use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_core::refusal::{Refusal, RefusalKind};
use baton_host::port::{PortError, PortFuture, ToolOffer, WorkflowPort};

/// Denies everything. Time stands still at the epoch.
pub struct Inert;

impl WorkflowPort for Inert {
    fn command(&mut self, command: Command, _: u64) -> Result<Reply, PortError> {
        Ok(match command {
            Command::SpawnAgent(_)
            | Command::SpawnWorkflow(_)
            | Command::SpawnTool(_)
            | Command::AskGate(_)
            | Command::Sleep { .. } => {
                let message = "nothing is started here";
                Reply::Refused(Refusal::new(RefusalKind::Denied, "inspection", message, ""))
            }
            Command::Cancel { .. } | Command::Listen | Command::Report(_) => Reply::Nothing,
        })
    }

    fn artifact(
        &mut self,
        _: String,
        _: String,
        _: Vec<u8>,
        _: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        Ok(Err("nothing is kept here".into()))
    }

    fn wait(
        &mut self,
        _: Option<Vec<u64>>,
        _: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>> {
        Box::pin(async { Ok(Err(WaitError::NothingToWaitFor)) })
    }

    fn observe(
        &mut self,
        _: FileRequest,
        _: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        Box::pin(async {
            Ok(Err(FileError::new(FileErrorKind::Denied, "denied", "nothing is read here")))
        })
    }

    fn gate_problem(&self, _: &str) -> PortFuture<'static, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn tools(&self) -> Vec<ToolOffer> {
        Vec::new()
    }

    fn budget(&self) -> BudgetView {
        BudgetView { granted: Amounts::default(), spent: Usage::default() }
    }
}
