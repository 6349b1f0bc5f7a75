//! Ports that answer from a list and write down what they were asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use baton_core::budget::Amounts;
use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileErrorKind, FileRequest};
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::report::Report;
use baton_core::tool::RawToolSpec;

use crate::port::{AgentPort, CallError, PortError, PortFuture, ToolOffer, WorkflowPort};
use crate::{AgentTask, GuestEnd, Host, HostConfig};

/// What was asked, and the fuel at each call.
pub(crate) type Log = Arc<Mutex<Vec<(String, u64)>>>;

/// Answers a workflow: spawns get numbers from 1, waits bring the next of `deliveries`.
#[derive(Default)]
pub(crate) struct Mock {
    pub(crate) log: Log,
    pub(crate) deliveries: VecDeque<Result<Delivery, WaitError>>,
    pub(crate) files: VecDeque<Result<FileAnswer, FileError>>,
    /// Ends the guest at its first command.
    pub(crate) ends: Option<PortError>,
    pub(crate) spawned: u64,
    pub(crate) waits: u64,
}

impl Mock {
    fn note(&self, what: String, fuel: u64) {
        self.log.lock().unwrap().push((what, fuel));
    }
}

impl WorkflowPort for Mock {
    fn command(&mut self, command: Command, fuel: u64) -> Result<Reply, PortError> {
        self.note(format!("{command:?}"), fuel);
        if let Some(end) = self.ends.take() {
            return Err(end);
        }
        Ok(match command {
            Command::Report(_) | Command::Cancel { .. } | Command::Listen => Reply::Nothing,
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

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        self.note(format!("artifact {name} {media_type} {}", bytes.len()), fuel);
        Ok(Ok(Digest::of(&bytes)))
    }

    fn wait(
        &mut self,
        tasks: Option<Vec<u64>>,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>> {
        self.note(format!("wait {tasks:?}"), fuel);
        self.waits += 1;
        let next = self.deliveries.pop_front();
        Box::pin(async move {
            match next {
                Some(next) => Ok(next),
                None => std::future::pending().await,
            }
        })
    }

    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        self.note(format!("{request:?}"), fuel);
        let missing = || Err(FileError::new(FileErrorKind::NotFound, "not-found", "not there"));
        let answer = self.files.pop_front().unwrap_or_else(missing);
        Box::pin(async move { Ok(answer) })
    }

    fn gate_problem(&self, _: &str) -> PortFuture<'static, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn now(&self) -> Timestamp {
        Timestamp(1_000 + 500 * self.waits)
    }

    fn budget(&self) -> BudgetView {
        let granted = Amounts { agents: Some(7), tokens: None, ..Amounts::default() };
        BudgetView { granted, spent: Usage { agents: 2, ..Usage::default() } }
    }

    fn tools(&self) -> Vec<ToolOffer> {
        offers()
    }
}

impl AgentPort for Mock {
    fn report(&mut self, report: Report) {
        self.note(format!("{report:?}"), 0);
    }

    fn artifact(
        &mut self,
        name: String,
        _media_type: String,
        bytes: Vec<u8>,
    ) -> Result<Digest, String> {
        self.note(format!("artifact {name}"), 0);
        Ok(Digest::of(&bytes))
    }

    fn observe(&mut self, request: FileRequest) -> PortFuture<'_, Result<FileAnswer, FileError>> {
        self.note(format!("{request:?}"), 0);
        Box::pin(async { Err(FileError::new(FileErrorKind::Denied, "no-grant", "not granted")) })
    }

    fn tools(&self) -> Vec<ToolOffer> {
        offers()
    }

    fn call(&mut self, spec: RawToolSpec) -> PortFuture<'_, Result<Json, CallError>> {
        self.note(format!("{spec:?}"), 0);
        Box::pin(async move { Ok(Json::null()) })
    }
}

fn offers() -> Vec<ToolOffer> {
    let (name, description) = ("code/search".to_owned(), "Searches.".to_owned());
    vec![ToolOffer { name, description, input: None, output: None }]
}

/// A host for a few instances, without a cache.
pub(crate) fn host() -> Host {
    Host::new(HostConfig { cache_dir: None, live_max: 2 }).unwrap()
}

/// The completion of a task with this output.
pub(crate) fn completed(task: u64, output: &str) -> Result<Delivery, WaitError> {
    let output = Json::parse(output, 1_000, 10).unwrap();
    let outcome = Outcome::Done(Handoff { output, ..Handoff::default() });
    Ok(Delivery::Completion { task, outcome, usage: Usage::default() })
}

/// Runs a workflow once.
pub(crate) async fn run(host: &Host, bytes: &[u8], limits: &Limits, mock: Mock) -> GuestEnd {
    let guest = host.load(bytes).unwrap();
    let input = Json::parse(r#"{"in":1}"#, 100, 10).unwrap();
    let slot = host.slot().await;
    host.run_workflow(&guest, slot, limits, &Digest::of(b"seed"), &input, Box::new(mock)).await
}

/// Performs one task with an agent.
pub(crate) async fn perform(host: &Host, bytes: &[u8], limits: &Limits, mock: Mock) -> GuestEnd {
    let guest = host.load(bytes).unwrap();
    let task = AgentTask {
        id: "run_x/1".into(),
        attempt: 1,
        prompt: "look".into(),
        input: Json::null(),
        schema: None,
        corrections: vec!["too short".into()],
        options: Json::parse("{}", 10, 10).unwrap(),
    };
    let slot = host.slot().await;
    host.perform(&guest, slot, limits, task, Box::new(mock)).await
}

/// The code of a failure, or the output of a success.
pub(crate) fn said(end: &GuestEnd) -> String {
    match &end.outcome {
        Ok(Outcome::Done(handoff)) => handoff.output.to_string(),
        Ok(Outcome::Failed(failure)) => failure.code.clone(),
        Err(error) => format!("port: {error}"),
    }
}
