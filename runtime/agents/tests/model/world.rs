//! A task, its directory, and a model that answers from a script.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_agents::backend::{
    Activity, Guidance, Inbox, JobContext, Message, Meter, Redact, Skill, Toolbox, Turn,
};
use baton_agents::model::transcript::TurnContent;
use baton_agents::model::{FreeMeter, ModelBackend};
use baton_agents::{Answer, Backend, BackendError, BackendFuture, Job, Notice, work};
use baton_core::handoff::{Failure, Handoff};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::manifest::AgentType;
use baton_core::model::{Price, TokenUsage};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::scope::{Authority, GlobLayer, PathScope, Scope};
use baton_core::spec::AgentSpec;
use baton_core::tool::{Denial, RawToolSpec};
use baton_host::files::Root;
use baton_host::port::{CallError, ToolOffer};
use baton_models::rate::Gate;
use baton_models::{
    Activity as Sign, CallContext, Message as Told, ModelApi, ModelError, ModelFuture, ModelReply,
    ModelRequest, Part, Stop, ToolResult, Trouble,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// What every scripted answer consumes where it does not say.
pub const USAGE: TokenUsage = TokenUsage { input: 100, output: 10, cached: 40, cache_written: 0 };

/// $1 and $10 for a million tokens; cached ones a tenth.
pub const PRICE: Price = Price {
    input: 1_000_000,
    output: 10_000_000,
    cached: 100_000,
    cache_write: 1_250_000,
    output_max: 8_192,
    context: 1_000_000,
};

/// What the model does next.
pub enum Step {
    Answers(ModelReply),
    Fails(ModelError),
    /// Sends these signs, each after so many milliseconds, and then nothing more.
    Falls {
        after: Vec<(u64, Sign)>,
    },
    /// Sends these signs, and answers then.
    Slowly(Vec<(u64, Sign)>, ModelReply),
    /// Answers when nobody wants it any more.
    WhenCancelled(ModelReply),
    /// People say this while the request is on its way.
    Meanwhile(Message, Box<Step>),
}

/// A model that answers from a script, and keeps what it was asked.
#[derive(Default)]
pub struct Scripted {
    steps: Mutex<VecDeque<Step>>,
    pub asked: Mutex<Vec<ModelRequest>>,
    /// What people have said.
    pub said: Arc<watch::Sender<Arc<[Message]>>>,
}

impl Scripted {
    /// A person says something.
    pub fn say(&self, message: Message) {
        say(&self.said, message);
    }
}

fn say(to: &watch::Sender<Arc<[Message]>>, message: Message) {
    to.send_modify(|said| *said = said.iter().cloned().chain([message]).collect());
}

/// A message with a number.
pub fn message(seq: u64, text: &str) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent: false }
}

/// One that does not wait.
pub fn urgent(seq: u64, text: &str) -> Message {
    Message { urgent: true, ..message(seq, text) }
}

impl ModelApi for Scripted {
    fn complete<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a CallContext,
    ) -> ModelFuture<'a> {
        self.asked.lock().unwrap().push(request.clone());
        let mut step = self.steps.lock().unwrap().pop_front().expect("a step for every request");
        Box::pin(async move {
            while let Step::Meanwhile(message, then) = step {
                self.say(message);
                // Whoever waits for it looks at it before anything else comes.
                tokio::task::yield_now().await;
                step = *then;
            }
            match step {
                Step::Answers(reply) => Ok(reply),
                Step::Fails(error) => Err(error),
                Step::Falls { after } => {
                    send(context, after).await;
                    std::future::pending().await
                }
                Step::Slowly(signs, reply) => {
                    send(context, signs).await;
                    Ok(reply)
                }
                Step::WhenCancelled(reply) => {
                    context.cancelled.clone().wait_for(|cancelled| *cancelled).await.unwrap();
                    Ok(reply)
                }
                Step::Meanwhile(..) => unreachable!("taken apart above"),
            }
        })
    }
}

async fn send(context: &CallContext, signs: Vec<(u64, Sign)>) {
    for (after, sign) in signs {
        tokio::time::sleep(Duration::from_millis(after)).await;
        context.activity.send(sign).unwrap();
    }
}

/// Tools of the run: what each returns, by its full name.
#[derive(Default)]
pub struct Given {
    pub returns: BTreeMap<String, Result<Value, CallError>>,
    pub called: Mutex<Vec<(String, Value)>>,
    pub once: bool,
    /// While the first call is at work a person says this; the call takes a second then, or for ever.
    pub meanwhile: Mutex<Option<(Said, Message, bool)>>,
}

type Said = Arc<watch::Sender<Arc<[Message]>>>;

impl Toolbox for Given {
    fn offers(&self) -> Vec<ToolOffer> {
        let offer = |name: &String| ToolOffer {
            name: name.clone(),
            description: format!("does {name}"),
            input: None,
            output: None,
        };
        self.returns.keys().map(offer).collect()
    }

    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>> {
        let input = serde_json::from_str(&spec.input).unwrap();
        self.called.lock().unwrap().push((spec.name.clone(), input));
        let returned = self.returns.get(&spec.name).cloned().map_or_else(
            || {
                let message = "no such tool";
                Err(CallError::Refused(Refusal::new(RefusalKind::NotFound, "none", message, "")))
            },
            |returned| returned.map(Json::from),
        );
        let meanwhile = self.meanwhile.lock().unwrap().take();
        Box::pin(async move {
            if let Some((said, message, for_ever)) = meanwhile {
                say(&said, message);
                match for_ever {
                    true => std::future::pending().await,
                    false => tokio::time::sleep(Duration::from_secs(1)).await,
                }
            }
            returned
        })
    }

    fn did_once(&self) -> bool {
        self.once
    }
}

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

pub fn reply(parts: Vec<Part>, stop: Stop) -> ModelReply {
    ModelReply { parts, stop, usage: USAGE, estimated: false, request_id: Some("req-1".into()) }
}

pub fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub fn call(name: &str, input: Value) -> Part {
    // An id that differs between the calls of a conversation, and is the same in every run.
    let id = format!("{name}-{}", input.to_string().len());
    Part::ToolCall { id, name: name.into(), input: input.into() }
}

/// Ends with a text.
pub fn says(words: &str) -> Step {
    Step::Answers(reply(vec![text(words)], Stop::End))
}

/// Calls tools.
pub fn calls(parts: impl IntoIterator<Item = Part>) -> Step {
    Step::Answers(reply(parts.into_iter().collect(), Stop::ToolCalls))
}

/// Hands in an output.
pub fn submits(output: Value) -> Step {
    calls([call("submit", json!({ "output": output, "summary": "done" }))])
}

pub fn error(trouble: Trouble, code: &'static str) -> ModelError {
    let message = format!("it failed: {code}");
    ModelError { trouble, code, message, after_ms: None, usage: None, partial: String::new() }
}

/// The failure of a task that ended for good.
pub fn failure(result: Result<Handoff, BackendError>) -> Failure {
    match result {
        Err(BackendError::Permanent(failure)) => failure,
        other => panic!("no failure: {other:?}"),
    }
}
