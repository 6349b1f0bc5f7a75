//! Makes durable what the state machine decided, and only then does it.

use std::cmp::Reverse;
use std::sync::Arc;

use baton_core::action::Action;
use baton_core::record::Record;
use baton_core::run::Outbox;
use baton_journal::store::{Blob, TakenLetter};

use super::RunLoop;
use crate::error::EngineError;

/// What lay in the outbox, with the blobs its records name.
struct Taken {
    outbox: Outbox,
    blobs: Vec<Blob>,
}

impl Taken {
    fn is_empty(&self) -> bool {
        self.outbox.records.is_empty() && self.outbox.actions.is_empty() && self.blobs.is_empty()
    }
}

impl RunLoop {
    fn take_outbox(&self) -> Taken {
        let mut cell = self.shared.lock();
        Taken { outbox: cell.run.take_outbox(), blobs: std::mem::take(&mut cell.blobs) }
    }

    /// Makes everything in the outbox durable, then does what it calls for, until it is empty.
    pub(super) async fn commit(&mut self) -> Result<(), EngineError> {
        loop {
            let mut taken = self.take_outbox();
            if taken.is_empty() && self.granted.is_empty() {
                let now = self.journal.now();
                self.metering.admit(&mut self.shared.lock().run, now);
                if !self.shared.lock().run.has_outbox() {
                    self.metering.answer();
                    break;
                }
                taken = self.take_outbox();
            }
            let mut later = self.request_room(std::mem::take(&mut taken.outbox.actions));
            // A place is free because a job ended. Its end was told before the place was given on, and
            // goes on record before the next start, so that by the journal too no cap is exceeded.
            while !self.granted.is_empty()
                && let Ok(event) = self.events.try_recv()
            {
                self.take(event).await?;
            }
            let launches = self.admit();
            // Starts that fit now become durable in the same commit as their intents.
            let more = self.take_outbox();
            taken.outbox.records.extend(more.outbox.records);
            taken.blobs.extend(more.blobs);
            later.extend(more.outbox.actions);
            // What letters caused is durable together with that they were taken.
            let letters = std::mem::take(&mut self.letters);
            self.append(taken.outbox.records, taken.blobs, letters).await?;
            self.calls.answer();
            self.metering.answer();
            self.launch(launches).await;
            for action in later {
                self.act(action);
            }
        }
        for (letter, reply) in std::mem::take(&mut self.letters) {
            self.journal.obeyed(letter, reply).await?;
        }
        Ok(())
    }

    async fn append(
        &self,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> Result<(), EngineError> {
        let Some(last) = records.last().map(|record| record.seq) else {
            if !blobs.is_empty() {
                self.journal.put_blobs(blobs).await?;
            }
            for (letter, reply) in letters {
                self.journal.obeyed(letter, reply).await?;
            }
            return Ok(());
        };
        let shown: Vec<Arc<Record>> = match &self.observer {
            Some(_) => records.iter().cloned().map(Arc::new).collect(),
            None => Vec::new(),
        };
        self.journal.append_obeying(&self.lease, records, blobs, letters).await?;
        self.shared.lock().run.mark_durable(last);
        if let Some(observer) = &self.observer {
            for record in shown {
                // Somebody who looks no longer does not stop the run.
                let _ = observer.send(record);
            }
        }
        Ok(())
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Perform { task } => self.request(task),
            Action::StartWorkflow { task } => self.instances.start(&task),
            Action::ArmTimer { task, due } => self.timers.push(Reverse((due, task))),
            Action::Abort { task } => {
                self.scheduler.withdraw(&self.run, &task);
                self.held.retain(|held| held != &task);
                self.stopped.retain(|stopped| !stopped.is_within(&task));
                self.metering.abort(&task);
                self.jobs.abort(&task);
                self.calls.abort(&task);
                self.instances.abort(&task);
            }
            Action::Wake { workflow } => self.instances.wake(&workflow),
        }
    }
}
