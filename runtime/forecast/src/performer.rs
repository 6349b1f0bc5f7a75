//! Who performs everything in a dry run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_agents::Answer;
use baton_core::gate::{GateAnswer, GateSpec};
use baton_core::handoff::{Handoff, Usage};
use baton_core::ids::{RunId, TaskPath};
use baton_core::json::Json;
use baton_core::model::Models;
use baton_core::record::Work;
use baton_core::spec::AgentSpec;
use baton_engine::StandIn;
use tokio::sync::Notify;

use crate::answer::{Answers, Temper};
use crate::prompts::Prompts;
use crate::rates::{self, Rates, Spend, Talk};
use crate::tokens::{Counter, Memo};

/// Answers for everybody, and keeps account of what it would have cost.
pub(crate) struct Performer {
    answers: Answers,
    temper: Temper,
    prompts: Prompts,
    models: Models,
    rates: Rates,
    memo: Arc<Memo>,
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
    /// Whether a person was asked.
    pub(crate) gates: u64,
}

impl Performer {
    /// For a run of that id. `agents_max`: after so many it has seen [`Performer::enough`].
    pub(crate) fn new(
        temper: Temper,
        prompts: Prompts,
        new: &baton_engine::NewRun,
        (rates, memo): (Rates, Arc<Memo>),
        run: RunId,
        agents_max: u64,
    ) -> Self {
        Self {
            answers: Answers::new(temper, new.tools.clone()),
            temper,
            prompts,
            models: new.models.clone(),
            rates,
            memo,
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
        let spend = self.spend(task, spec, backend, &output);
        self.account().ms.insert(task.clone(), spend.ms);
        // The run counts the agent itself.
        answer(output, Usage { agents: 0, ..spend.usage })
    }

    fn spend(&self, task: &TaskPath, spec: &AgentSpec, backend: &str, output: &Json) -> Spend {
        let weight = self.temper.weight;
        let model = self.models.split(backend).is_some();
        let counter = Counter::of(&self.models, backend);
        let known = self.rates.known(&spec.options.phase, backend, weight);
        let mut account = self.account();
        if let Some(spend) = known {
            return spend;
        }
        if !model {
            if !backend.starts_with(baton_core::run::COMPONENT) {
                account.silent.insert(backend.to_owned());
            }
            return rates::worker(backend, weight);
        }
        account.counters.entry(counter).or_default().insert(backend.to_owned());
        let price = self.models.price(backend);
        if price.is_none() {
            account.unpriced.insert(backend.to_owned());
        }
        drop(account);
        let (request, looks) = self.prompts.opening(&self.run, task, spec);
        let is_text = spec.schema.is_none();
        let talk = Talk {
            opening: counter.request(&request, &self.memo),
            looks,
            turns_max: spec.options.max_turns.map(u64::from),
            result: rates::result(counter, &output.value(), is_text),
        };
        rates::conversation(talk, price, weight)
    }
}

impl StandIn for Performer {
    fn perform(&self, task: &TaskPath, work: &Work) -> Answer {
        match work {
            Work::Agent { spec, backend, .. } => self.agent(task, spec, backend),
            Work::Tool { spec, tool, .. } => {
                let ms = rates::times(rates::TOOL_MS, self.temper.weight);
                self.account().ms.insert(task.clone(), ms);
                answer(self.answers.tool(tool, &spec.input), Usage::default())
            }
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

fn answer(output: Json, usage: Usage) -> Answer {
    let summary = "what somebody might answer".to_owned();
    Answer { result: Ok(Handoff { summary, output, ..Handoff::default() }), usage }
}
