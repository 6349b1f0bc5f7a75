//! What meters the calls of models that agents make.
//!
//! An agent asks for room for every call, and waits in its place until the call fits the caps and is on
//! record. What it came to is on record before its answer has any effect.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use baton_agents::BackendFuture;
use baton_agents::backend::{Asked, LetGo, Meter, Turn};
use baton_core::budget::Amounts;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Pause;
use baton_core::run::Run;
use baton_journal::store::Blob;
use tokio::sync::oneshot;

use crate::shared::{Cell, Event, Shared};

/// An agent that waits for room for a call.
pub(crate) struct Waiting {
    pub task: TaskPath,
    pub call: Asked,
    pub answer: oneshot::Sender<()>,
}

/// The calls of models of one run, as its loop sees them.
#[derive(Default)]
pub(crate) struct Metering {
    /// Calls that no cap leaves room for yet, in the order in which they were asked for.
    waiting: VecDeque<Waiting>,
    /// Those who are told once the outbox is durable.
    told: Vec<oneshot::Sender<()>>,
}

impl Metering {
    /// Takes a call that is to be made.
    pub(crate) fn ask(&mut self, call: Waiting) {
        self.waiting.push_back(call);
    }

    /// How many agents wait, and so are not at work.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.iter().filter(|call| !call.answer.is_closed()).count()
    }

    /// The cap that keeps the first of them waiting.
    pub(crate) fn lack(&self, run: &Run, now: Timestamp) -> Option<Pause> {
        let open = self.waiting.iter().find(|call| !call.answer.is_closed())?;
        run.lacks_for_call(&open.task, &open.call.reserve, now)
    }

    /// Puts the calls on record that fit. Whoever is too large for what is left keeps nobody waiting
    /// that is not.
    pub(crate) fn admit(&mut self, run: &mut Run, now: Timestamp) {
        for call in std::mem::take(&mut self.waiting) {
            if call.answer.is_closed() {
                continue;
            }
            let Waiting { task, call: asked, answer } = call;
            if run.lacks_for_call(&task, &asked.reserve, now).is_some() {
                self.waiting.push_back(Waiting { task, call: asked, answer });
            } else if run.ask(&task, &asked.provider, &asked.model, asked.reserve, now) {
                self.told.push(answer);
            }
        }
    }

    /// Takes what a call came to.
    pub(crate) fn settle(
        &mut self,
        cell: &mut Cell,
        task: &TaskPath,
        turn: Turn,
        answer: oneshot::Sender<()>,
        now: Timestamp,
    ) {
        let content = turn.content.map(|bytes| {
            let blob = Blob::new(bytes);
            let digest = blob.digest;
            cell.blobs.push(blob);
            digest
        });
        cell.run.turned(task, content, turn.usage, turn.estimated, now);
        self.told.push(answer);
    }

    /// Nobody waits for the calls of a task, or of one below it, any more.
    pub(crate) fn abort(&mut self, task: &TaskPath) {
        self.waiting.retain(|call| !call.task.is_within(task));
    }

    /// Tells everybody whose record is durable.
    pub(crate) fn answer(&mut self) {
        for answer in self.told.drain(..) {
            // An agent that is gone hears nothing.
            let _ = answer.send(());
        }
    }
}

/// The meter of one agent task.
pub(crate) struct TaskMeter {
    shared: Arc<Shared>,
    task: TaskPath,
    turns: Arc<Mutex<Vec<Arc<[u8]>>>>,
}

impl TaskMeter {
    /// For a task in whose conversation this was said so far.
    pub(crate) fn new(shared: Arc<Shared>, task: TaskPath, turns: Vec<Arc<[u8]>>) -> Self {
        Self { shared, task, turns: Arc::new(Mutex::new(turns)) }
    }
}

impl Meter for TaskMeter {
    fn turns(&self) -> Vec<Arc<[u8]>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reserve(&self, call: Asked) -> BackendFuture<'static, Result<(), LetGo>> {
        let (answer, answered) = oneshot::channel();
        let (shared, task) = (Arc::clone(&self.shared), self.task.clone());
        Box::pin(async move {
            // What the attempt told before, such as its own failure, is on its way by another channel,
            // which is looked at whenever the attempt waits.
            tokio::task::yield_now().await;
            shared.send(Event::Asked(Waiting { task, call, answer }));
            answered.await.map_err(|_| LetGo)
        })
    }

    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()> {
        let (answer, answered) = oneshot::channel();
        if let Some(content) = &turn.content {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.push(Arc::clone(content));
        }
        self.shared.send(Event::Turned { task: self.task.clone(), turn, answer });
        Box::pin(async move {
            // A run that was let go charges the call by its reserve.
            let _ = answered.await;
        })
    }

    fn left(&self) -> Amounts {
        self.shared.lock().run.left_for(&self.task)
    }
}
