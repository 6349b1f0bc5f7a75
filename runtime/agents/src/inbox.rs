//! Messages of people on their way to an agent.

use std::sync::Arc;

use tokio::sync::watch;

/// What a person tells an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number. Grows from message to message, and is the same in every attempt.
    pub seq: u64,
    /// Who sent it.
    pub sender: String,
    /// The text.
    pub text: String,
    /// Whether it interrupts what the agent is doing.
    pub urgent: bool,
}

/// What people tell one agent task.
#[derive(Clone, Debug)]
pub struct Inbox(watch::Receiver<Arc<[Message]>>);

impl Default for Inbox {
    /// An inbox that never gets anything.
    fn default() -> Self {
        Self(watch::channel(Arc::from([])).1)
    }
}

impl Inbox {
    /// The inbox that this channel fills: always with every message of the task, in order.
    #[must_use]
    pub fn new(receiver: watch::Receiver<Arc<[Message]>>) -> Self {
        Self(receiver)
    }

    /// An inbox with these messages, to which none is added.
    pub(crate) fn of(messages: Arc<[Message]>) -> Self {
        Self::new(watch::channel(messages).1)
    }

    /// Every message so far, those of earlier attempts included.
    #[must_use]
    pub fn all(&self) -> Arc<[Message]> {
        Arc::clone(&self.0.borrow())
    }

    /// The messages after one of them; 0: all.
    #[must_use]
    pub fn after(&self, seq: u64) -> Vec<Message> {
        self.0.borrow().iter().filter(|message| message.seq > seq).cloned().collect()
    }

    /// Whether an urgent message came after one of them; 0: at all.
    #[must_use]
    pub fn is_urgent(&self, seq: u64) -> bool {
        self.0.borrow().iter().any(|message| message.urgent && message.seq > seq)
    }

    /// Ends when there is an urgent message after one of them; 0: any.
    pub async fn urgent(&self, seq: u64) {
        let mut inbox = self.clone();
        while !inbox.is_urgent(seq) {
            inbox.changed().await;
        }
    }

    /// Ends when there is a message after one of them; 0: any.
    pub async fn more(&self, seq: u64) {
        let mut inbox = self.clone();
        while inbox.after(seq).is_empty() {
            inbox.changed().await;
        }
    }

    /// Ends when another message came since this was asked last. Never, once none can come any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// When an agent can be told what people say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// At its next step; what is urgent, at once.
    Step,
    /// When its turn has ended, in a further turn of its session, if it has one; else with its next
    /// attempt, if there is one. What is urgent ends the turn.
    Turn,
    /// With its next attempt, if there is one; what is urgent ends the attempt and begins another.
    Attempt,
}
