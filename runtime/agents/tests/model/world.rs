//! A task, its directory, and a model that answers from a script.

mod model;
mod tools;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::backend::{
    Activity, Guidance, Inbox, JobContext, Meter, Redact, Skill, Toolbox, Turn,
};
use baton_agents::model::transcript::TurnContent;
use baton_agents::model::{FreeMeter, ModelBackend};
use baton_agents::{Answer, Backend, BackendError, Job, Notice, work};
use baton_core::handoff::{Failure, Handoff};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::manifest::AgentType;
use baton_core::model::Price;
use baton_core::scope::{Authority, GlobLayer, PathScope, Scope};
use baton_core::spec::AgentSpec;
use baton_core::tool::Denial;
use baton_host::files::Root;
use baton_host::port::CallError;
use baton_models::rate::Gate;
use baton_models::{Message as Told, ModelRequest, ToolResult};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

pub use self::model::{
    Scripted, Step, USAGE, call, calls, error, message, reply, says, submits, text, urgent,
};
pub use self::tools::Given;

/// $1 and $10 for a million tokens; cached ones a tenth.
pub const PRICE: Price = Price {
    input: 1_000_000,
    output: 10_000_000,
    cached: 100_000,
    cache_write: 1_250_000,
    output_max: 8_192,
    context: 1_000_000,
};

/// A task and everything around it.
pub struct World {
    pub directory: TempDir,
    pub job: Job,
    pub model: Arc<Scripted>,
    pub meter: FreeMeter,
    pub tools: Option<Arc<Given>>,
    pub price: Price,
    pub redact: Redact,
    pub gate: Option<Arc<Gate>>,
    pub cancel: watch::Sender<bool>,
    pub notices: Vec<Notice>,
}

impl World {
    /// A task that may read `**` but what is below `private`, in a directory with these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        fs::create_dir(&root).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let task =
            TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) };
        let spec = AgentSpec { prompt: "Do it.".into(), ..AgentSpec::default() };
        let mut job = Job::new(task, spec);
        job.scope = Arc::new(Scope { read: Some(open()), ..Scope::default() });
        job.root = Some(root.canonicalize().unwrap());
        Self {
            directory,
            job,
            model: Arc::default(),
            meter: FreeMeter::new(),
            tools: None,
            price: PRICE,
            redact: Redact::default(),
            gate: None,
            cancel: watch::channel(false).0,
            notices: Vec::new(),
        }
    }

    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub fn spec(&mut self, change: impl FnOnce(&mut AgentSpec)) {
        change(Arc::make_mut(&mut self.job.spec));
    }

    pub fn schema(&mut self, schema: Value) {
        self.spec(|spec| spec.schema = Some(schema.into()));
    }

    pub fn writable(&mut self) {
        let authority =
            Authority { read: Some(open()), write: Some(open()), ..Authority::default() };
        self.job.authority = Arc::new(authority);
    }

    pub fn definition(&mut self, definition: AgentType) {
        self.job.definition = Some(Arc::new(definition));
    }

    pub fn skill(&mut self, name: &str, text: &str) {
        let mut guidance: Guidance = (*self.job.guidance).clone();
        let skill = Skill { description: format!("about {name}"), text: text.into() };
        guidance.skills.insert(name.into(), skill);
        self.job.guidance = Arc::new(guidance);
    }

    pub fn tools(&mut self, returns: &[(&str, Result<Value, CallError>)]) {
        let returns =
            returns.iter().map(|(name, returned)| ((*name).to_owned(), returned.clone())).collect();
        self.tools = Some(Arc::new(Given { returns, ..Given::default() }));
    }

    /// What the model does, in order.
    pub fn script(&mut self, steps: impl IntoIterator<Item = Step>) {
        *self.model.steps.lock().unwrap() = steps.into_iter().collect();
    }

    pub fn backend(&self) -> ModelBackend {
        let root = Arc::new(Root::open(&self.root()).unwrap());
        let (provider, model) = ("acme".to_owned(), "large-1".to_owned());
        let api = self.model.clone();
        ModelBackend::new(
            "acme:large-1".into(),
            provider,
            model,
            self.price,
            api,
            self.gate.clone(),
            Some(root),
        )
    }

    fn context(&self, notices: mpsc::UnboundedSender<Notice>) -> JobContext {
        let mut context = JobContext::alone(self.cancel.subscribe(), notices);
        context.meter = Arc::new(self.meter.clone());
        context.redact = self.redact.clone();
        context.inbox = Inbox::new(self.model.said.subscribe());
        context.tools = self.tools.clone().map(|tools| tools as Arc<dyn Toolbox>);
        context
    }

    /// One attempt.
    pub async fn perform(&mut self) -> Result<Handoff, BackendError> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let context = self.context(sender);
        let answer = self.backend().perform(&self.job, &context).await;
        drop(context);
        while let Some(notice) = receiver.recv().await {
            self.notices.push(notice);
        }
        answer.result
    }

    /// As many attempts as it takes.
    pub async fn work(&mut self) -> Answer {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let context = self.context(sender);
        let answer = work(&self.backend(), self.job.clone(), &context).await;
        drop(context);
        while let Some(notice) = receiver.recv().await {
            self.notices.push(notice);
        }
        answer
    }

    /// The same task after a crash, with these turns on record.
    pub fn after_crash(mut self, turns: Vec<Turn>) -> Self {
        self.meter = FreeMeter::with(turns);
        // What people said is on record.
        self.model =
            Arc::new(Scripted { said: Arc::clone(&self.model.said), ..Scripted::default() });
        self.notices.clear();
        self.job.attempt += 1;
        self
    }

    pub fn asked(&self) -> Vec<ModelRequest> {
        self.model.asked.lock().unwrap().clone()
    }

    pub fn turns(&self) -> Vec<TurnContent> {
        self.meter.turns().iter().map(|turn| TurnContent::parse(turn).unwrap()).collect()
    }

    pub fn denied(&self) -> Vec<Denial> {
        let denied = self.notices.iter().filter_map(|notice| match notice {
            Notice::Denied(denial) => Some(denial.clone()),
            _ => None,
        });
        denied.collect()
    }

    pub fn activities(&self) -> Vec<Activity> {
        let activities = self.notices.iter().filter_map(|notice| match notice {
            Notice::Activity(activity) => Some(activity.clone()),
            _ => None,
        });
        activities.collect()
    }

    /// Whether everything that was seen is on record; none: nothing was told.
    pub fn complete(&self) -> Option<bool> {
        self.notices.iter().rev().find_map(|notice| match notice {
            Notice::Read { complete, .. } => Some(*complete),
            _ => None,
        })
    }

    /// Results of the tools that the last request brought the model.
    pub fn results(&self) -> Vec<ToolResult> {
        let asked = self.asked();
        let messages = &asked.last().unwrap().messages;
        let results = messages.iter().rev().find_map(|message| match message {
            Told::Tools(results) => Some(results.clone()),
            _ => None,
        });
        results.unwrap_or_default()
    }
}

/// Everything but what is below `private`.
pub fn open() -> PathScope {
    let exclude = vec!["private/**".to_owned()];
    PathScope { layers: vec![GlobLayer { exclude, ..GlobLayer::default() }] }
}

/// The failure of a task that ended for good.
pub fn failure(result: Result<Handoff, BackendError>) -> Failure {
    match result {
        Err(BackendError::Permanent(failure)) => failure,
        other => panic!("no failure: {other:?}"),
    }
}
