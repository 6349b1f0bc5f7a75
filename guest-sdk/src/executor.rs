//! The one waiting place of a workflow: futures above, `wait-any` below.
//!
//! The root future is polled while something wakes it. When nothing does, the executor waits for
//! one delivery and wakes the future it belongs to. Everything is kept in order of task numbers,
//! so the same deliveries lead to the same calls.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::error::TaskError;
use crate::failure::{Failure, FailureKind, Refusal};
use crate::handoff::Handoff;
use crate::host::{
    Delivery, GateHost, Outcome, RawAgent, RawGate, RawTool, RawWorkflow, TaskHost, ToolHost,
    WaitError,
};
use crate::message::Message;

/// Longest list that `wait-any` takes. With more open tasks the wait is for any of them, which
/// brings messages too; those are kept until somebody asks.
const WAIT_LIST_MAX: usize = 4_096;

/// What the futures of one workflow share.
pub(crate) struct Shared {
    host: Rc<dyn TaskHost>,
    tools: Rc<dyn ToolHost>,
    gates: Rc<dyn GateHost>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Tasks that were spawned and whose answer nobody has taken.
    open: BTreeMap<u64, Slot>,
    /// Messages that nobody has taken.
    messages: VecDeque<Message>,
    /// Who waits for a message, oldest first.
    listeners: BTreeMap<u64, Waker>,
    listeners_made: u64,
    /// The host knows that this workflow takes messages.
    listening: bool,
    running: bool,
}

#[derive(Default)]
struct Slot {
    answer: Option<Outcome>,
    waker: Option<Waker>,
}

/// Why the executor gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stall {
    /// The workflow waits, but for no task and no message.
    #[error("the workflow waits for something that no task will bring")]
    Nothing,
    /// A second executor over the same tasks.
    #[error("block_on inside of block_on would take the outer one's completions")]
    Nested,
    /// The host does not know a task that it numbered itself.
    #[error("the host does not know a task that it spawned")]
    UnknownTask,
}

impl From<Stall> for Failure {
    fn from(stall: Stall) -> Self {
        let (kind, code) = match stall {
            Stall::Nothing => (FailureKind::Failed, "nothing-to-wait-for"),
            Stall::Nested => (FailureKind::Failed, "nested-block-on"),
            Stall::UnknownTask => (FailureKind::Internal, "unknown-task"),
        };
        Self::new(kind, code, stall.to_string())
    }
}

/// Set when the root future can make progress.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    pub(crate) fn new(
        host: Rc<dyn TaskHost>,
        tools: Rc<dyn ToolHost>,
        gates: Rc<dyn GateHost>,
    ) -> Rc<Self> {
        Rc::new(Self { host, tools, gates, state: RefCell::default() })
    }

    /// Runs the workflow to its end.
    pub(crate) fn block_on<T>(&self, root: impl Future<Output = T>) -> Result<T, Stall> {
        if std::mem::replace(&mut self.state.borrow_mut().running, true) {
            return Err(Stall::Nested);
        }
        let result = self.drive(root);
        self.state.borrow_mut().running = false;
        result
    }

    fn drive<T>(&self, root: impl Future<Output = T>) -> Result<T, Stall> {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut root = pin!(root);
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = root.as_mut().poll(&mut context) {
                    return Ok(value);
                }
            }
            self.wait()?;
        }
    }

    /// Takes one delivery from the host and wakes whom it concerns.
    fn wait(&self) -> Result<(), Stall> {
        let list = self.wait_list()?;
        let delivery = self.host.wait_any(list.as_deref()).map_err(|error| match error {
            WaitError::NothingToWaitFor => Stall::Nothing,
            WaitError::UnknownTask => Stall::UnknownTask,
        })?;
        let mut state = self.state.borrow_mut();
        let woken = match delivery {
            Delivery::Completion { task, outcome, usage } => {
                // No slot: the task was cancelled, and this is its end.
                let Some(slot) = state.open.get_mut(&task) else {
                    return Ok(());
                };
                slot.answer = Some(outcome.map(|handoff| Handoff { usage, ..handoff }));
                slot.waker.take().into_iter().collect()
            }
            Delivery::Message(message) => {
                state.messages.push_back(message);
                state.listeners.values().cloned().collect::<Vec<_>>()
            }
        };
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// The tasks to wait for, or none for "whatever comes".
    fn wait_list(&self) -> Result<Option<Vec<u64>>, Stall> {
        let state = self.state.borrow();
        if !state.listeners.is_empty() {
            return Ok(None);
        }
        let unanswered = state.open.iter().filter(|(_, slot)| slot.answer.is_none());
        let list: Vec<u64> = unanswered.map(|(task, _)| *task).collect();
        match list.len() {
            0 => Err(Stall::Nothing),
            1..=WAIT_LIST_MAX => Ok(Some(list)),
            _ => Ok(None),
        }
    }

    fn start(&self, request: &Request) -> Result<u64, Refusal> {
        let task = match request {
            Request::Agent(spec) => self.host.spawn_agent(spec),
            Request::Workflow(spec) => self.host.spawn_workflow(spec),
            Request::Tool(spec) => self.tools.spawn_tool(spec),
            Request::Gate(spec) => self.gates.ask(spec),
            Request::Sleep(milliseconds) => self.host.sleep(*milliseconds),
        }?;
        self.state.borrow_mut().open.insert(task, Slot::default());
        Ok(task)
    }

    fn poll_answer(&self, task: u64, waker: &Waker) -> Poll<Outcome> {
        let mut state = self.state.borrow_mut();
        let Some(slot) = state.open.get_mut(&task) else {
            return Poll::Pending;
        };
        match slot.answer.take() {
            Some(answer) => {
                state.open.remove(&task);
                Poll::Ready(answer)
            }
            None => {
                slot.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }

    /// Nobody wants the answer any more.
    fn abandon(&self, task: u64) {
        let slot = self.state.borrow_mut().open.remove(&task);
        if slot.is_some_and(|slot| slot.answer.is_none()) {
            self.host.cancel(task);
        }
    }

    /// Says to the host, once, that this workflow takes messages.
    pub(crate) fn listen(&self) {
        if !std::mem::replace(&mut self.state.borrow_mut().listening, true) {
            self.gates.listen();
        }
    }

    /// A number for somebody who waits for messages.
    pub(crate) fn listener(&self) -> u64 {
        let mut state = self.state.borrow_mut();
        state.listeners_made += 1;
        state.listeners_made
    }

    pub(crate) fn poll_message(&self, listener: u64, waker: &Waker) -> Poll<Message> {
        self.listen();
        let mut state = self.state.borrow_mut();
        match state.messages.pop_front() {
            Some(message) => {
                state.listeners.remove(&listener);
                Poll::Ready(message)
            }
            None => {
                state.listeners.insert(listener, waker.clone());
                Poll::Pending
            }
        }
    }

    pub(crate) fn stop_listening(&self, listener: u64) {
        self.state.borrow_mut().listeners.remove(&listener);
    }
}

/// What a task is asked for.
pub(crate) enum Request {
    Agent(RawAgent),
    Workflow(RawWorkflow),
    Tool(RawTool),
    Gate(RawGate),
    Sleep(u64),
}

/// One task: spawned at the first poll, cancelled when dropped before its end.
pub(crate) struct TaskFuture {
    shared: Rc<Shared>,
    step: Step,
}

enum Step {
    Unstarted(Result<Request, TaskError>),
    Open(u64),
    Ended,
}

impl TaskFuture {
    /// A task that will be asked for, or the reason why it cannot be.
    pub(crate) fn new(shared: Rc<Shared>, request: Result<Request, TaskError>) -> Self {
        Self { shared, step: Step::Unstarted(request) }
    }
}

impl Future for TaskFuture {
    type Output = Result<Handoff<String>, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Step::Unstarted(_) = self.step
            && let Step::Unstarted(request) = std::mem::replace(&mut self.step, Step::Ended)
        {
            let task = request?;
            self.step = Step::Open(self.shared.start(&task)?);
        }
        let Step::Open(task) = self.step else {
            return Poll::Pending;
        };
        let answer = self.shared.poll_answer(task, context.waker());
        if answer.is_ready() {
            self.step = Step::Ended;
        }
        answer.map(|outcome| outcome.map_err(TaskError::Failed))
    }
}

impl Drop for TaskFuture {
    fn drop(&mut self) {
        if let Step::Open(task) = self.step {
            self.shared.abandon(task);
        }
    }
}

#[cfg(test)]
mod tests;
