//! Who performs everything in a dry run.

mod spend;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_agents::isolation::{PATCH_NAME, PATCH_TYPE};
use baton_agents::{Answer, BackendError};
use baton_core::gate::{GateAnswer, GateSpec};
use baton_core::handoff::{Artifact, Failure, FailureKind, Handoff, Usage};
use baton_core::ids::{RunId, TaskPath};
use baton_core::json::Json;
use baton_core::model::Models;
use baton_core::record::Work;
use baton_core::spec::AgentSpec;
use baton_core::tool::EXEC;
use baton_engine::StandIn;
use baton_journal::store::Blob;
use tokio::sync::Notify;

use crate::answer::{Answers, Kind, Lean, Temper, argv, is_made_up};
use crate::known::Known;
use crate::prompts::Prompts;
use crate::rates;
use crate::tokens::Counter;

/// What an agent with a copy of its own changed there, for workflows that ask whether it changed
/// anything.
const PATCH: &str =
    "diff --git a/made-up b/made-up\n--- a/made-up\n+++ b/made-up\n@@ -1 +1 @@\n-old\n+new\n";

/// Answers for everybody, and keeps account of what it would have cost.
pub(crate) struct Performer {
    answers: Answers,
    temper: Temper,
    prompts: Prompts,
    models: Models,
    known: Arc<Known>,
    run: RunId,
    agents_max: u64,
    agents: AtomicU64,
    enough: Notify,
    account: Mutex<Account>,
}

/// What was seen while answering.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// How long each task takes, in milliseconds.
    pub(crate) ms: BTreeMap<TaskPath, u64>,
    /// What counted prompts, with the models whose prompts it counted.
    pub(crate) counters: BTreeMap<Counter, BTreeSet<String>>,
    /// Models without a price.
    pub(crate) unpriced: BTreeSet<String>,
    /// Agents that tell only afterwards what they consume, and of which nothing is known.
    pub(crate) silent: BTreeSet<String>,
    /// How often a person was asked.
    pub(crate) gates: u64,
    /// Commands that were not run, by what they print: one of each kind.
    pub(crate) commands: BTreeMap<Kind, String>,
    /// Tools that were not called.
    pub(crate) tools: BTreeSet<String>,
    /// Tools that were called, because they can only read.
    pub(crate) looked: BTreeSet<String>,
    /// Agents whose result something checks, of which nothing is known.
    pub(crate) checked: u64,
    /// Agents that failed because agents of earlier runs did.
    pub(crate) failed: u64,
    /// Whether anybody was asked for anything: if not, other answers change nothing.
    pub(crate) asked: bool,
}

impl Performer {
    /// For a run of that id. `agents_max`: after so many it has seen [`Performer::enough`].
    pub(crate) fn new(
        temper: Temper,
        new: &baton_engine::NewRun,
        known: Arc<Known>,
        run: RunId,
        agents_max: u64,
    ) -> Self {
        let answers = Answers::new(temper, new.tools.clone()).in_world(Arc::clone(&known.world));
        Self {
            answers,
            temper,
            prompts: Prompts::of(new),
            models: new.models.clone(),
            known,
            run,
            agents_max,
            agents: AtomicU64::new(0),
            enough: Notify::new(),
            account: Mutex::default(),
        }
    }

    /// Ends when more agents were asked for than anybody wants to see.
    pub(crate) async fn enough(&self) {
        self.enough.notified().await;
    }

    /// What was seen so far.
    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn agent(&self, task: &TaskPath, spec: &AgentSpec, backend: &str) -> Answer {
        if self.agents.fetch_add(1, Ordering::SeqCst) >= self.agents_max {
            self.enough.notify_one();
        }
        let output = self.answers.agent(spec);
        let (spend, passed) = self.spend(task, spec, backend, &output);
        self.account().ms.insert(task.clone(), spend.ms);
        // The run counts the agent itself.
        let usage = Usage { agents: 0, ..spend.usage };
        let risk = self.known.rates.risk(&spec.options.phase, backend);
        if self.temper.lean == Lean::Varied && self.answers.happens("fails", spec, risk) {
            self.account().failed += 1;
            return failed("earlier-failures", "agents of earlier runs failed here", usage);
        }
        if !passed {
            return failed("ladder-check", "no attempt passed its check", usage);
        }
        let mut answer = answer(output, usage);
        if let Ok(handoff) = &mut answer.result
            && spec.options.isolation.is_some()
            && self.temper.lean != Lean::Least
        {
            handoff.artifacts.push(changes());
        }
        answer
    }

    fn tool(&self, task: &TaskPath, tool: &str, input: &Json) -> Answer {
        let ms = rates::times(rates::TOOL_MS, self.temper.weight);
        let mut account = self.account();
        account.ms.insert(task.clone(), ms);
        if tool == EXEC {
            let argv = argv(&input.value());
            let words: Vec<&str> = argv.iter().map(String::as_str).collect();
            account.commands.entry(Kind::of(&words)).or_insert_with(|| argv.join(" "));
        } else if let Some(looked) = self.known.looked(tool, input) {
            account.looked.insert(tool.to_owned());
            return match looked {
                Ok(output) => answer(output, Usage::default()),
                Err(failure) => {
                    let result = Err(BackendError::Permanent(failure));
                    Answer { result, usage: Usage::default() }
                }
            };
        } else {
            account.tools.insert(tool.to_owned());
        }
        drop(account);
        answer(self.answers.tool(tool, input), Usage::default())
    }
}

impl StandIn for Performer {
    fn lets_read(&self, tool: &str, input: &Json) -> bool {
        // What made-up answers ask for is answered by who makes them up.
        let lets = !is_made_up(input.as_str()) && self.known.looked(tool, input).is_none();
        if lets {
            self.account().looked.insert(tool.to_owned());
        }
        lets
    }

    fn perform(&self, task: &TaskPath, work: &Work) -> Answer {
        match work {
            Work::Agent { spec, backend, .. } => self.agent(task, spec, backend),
            Work::Tool { spec, tool, .. } => self.tool(task, tool, &spec.input),
            // Nobody performs what else there is.
            Work::Workflow { .. } | Work::Sleep { .. } | Work::Gate { .. } => {
                answer(Json::null(), Usage::default())
            }
        }
    }

    fn decide(&self, _task: &TaskPath, spec: &GateSpec) -> GateAnswer {
        self.account().gates += 1;
        self.answers.gate(spec)
    }
}

/// What dry runs may name although nothing made it.
pub(crate) fn made_up() -> Blob {
    Blob::new(PATCH.as_bytes().to_vec())
}

fn changes() -> Artifact {
    let digest = made_up().digest;
    let (name, media_type) = (PATCH_NAME.to_owned(), PATCH_TYPE.to_owned());
    Artifact { name, media_type, digest, size: PATCH.len() as u64 }
}

fn answer(output: Json, usage: Usage) -> Answer {
    let summary = "what somebody might answer".to_owned();
    Answer { result: Ok(Handoff { summary, output, ..Handoff::default() }), usage }
}

fn failed(code: &str, message: &str, usage: Usage) -> Answer {
    let failure = Failure::new(FailureKind::Failed, code, message);
    Answer { result: Err(BackendError::Permanent(failure)), usage }
}
