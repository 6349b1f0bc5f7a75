//! Obeys what people ask from other processes.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::engine::Inner;
use crate::shared::Event;

/// How often the inbox is read; commands are promised to be obeyed within 250 ms.
const POLL: Duration = Duration::from_millis(50);

/// Reads the inbox as long as the engine is there, and hands each letter to its run once.
pub(crate) async fn watch(engine: Weak<Inner>) {
    // By id and not by the newest one seen: a letter may be older than others that were handed out,
    // when its run was taken on after theirs.
    let mut told = BTreeSet::new();
    let mut policy = None;
    loop {
        tokio::time::sleep(POLL).await;
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if engine.is_idle() {
            continue;
        }
        let policy = policy.get_or_insert_with(|| engine.config.policy.clone());
        let changed = policy.as_mut().filter(|policy| policy.has_changed().unwrap_or(false));
        if let Some(policy) = changed {
            let said = Arc::clone(&policy.borrow_and_update());
            engine.tell_all(|| Event::Denials(Arc::clone(&said)));
        }
        // A store that cannot be read now is found out by the next append as well, which reports.
        let Ok(letters) = engine.config.journal.inbox().await else {
            continue;
        };
        told.retain(|id| letters.iter().any(|letter| letter.id == *id));
        for letter in letters {
            let (id, run) = (letter.id, letter.run.clone());
            // A run that is claimed and not driven yet gets its letter with the next look.
            if !told.contains(&id) && engine.tell(&run, Event::Letter(letter)) {
                told.insert(id);
            }
        }
    }
}
