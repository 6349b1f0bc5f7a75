//! Messages of people on their way to the agents of one run that are at work.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message};
use baton_core::ids::TaskPath;
use baton_core::run::Run;
use tokio::sync::watch;

/// The inboxes of agents at work.
#[derive(Default)]
pub(crate) struct Inboxes(BTreeMap<TaskPath, watch::Sender<Arc<[Message]>>>);

impl Inboxes {
    /// The inbox of an agent that begins to work, with what it was told so far.
    pub(crate) fn open(&mut self, run: &Run, task: &TaskPath) -> Inbox {
        let (sender, receiver) = watch::channel(messages(run, task));
        self.0.insert(task.clone(), sender);
        Inbox::new(receiver)
    }

    /// An agent was told something. Nothing happens while it is not at work: it hears of it when it
    /// begins.
    pub(crate) fn deliver(&self, run: &Run, task: &TaskPath) {
        if let Some(inbox) = self.0.get(task) {
            inbox.send_replace(messages(run, task));
        }
    }

    /// An agent is at work no longer.
    pub(crate) fn close(&mut self, task: &TaskPath) {
        self.0.remove(task);
    }
}

fn messages(run: &Run, task: &TaskPath) -> Arc<[Message]> {
    let told = run.messages_of(task).iter().map(|message| Message {
        seq: message.seq,
        sender: message.sender.clone(),
        text: message.text.clone(),
        urgent: message.urgent,
    });
    told.collect()
}
