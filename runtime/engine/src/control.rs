//! Obeys what people ask from other processes.

use std::sync::Weak;
use std::time::Duration;

use crate::engine::Inner;
use crate::shared::Event;

/// How often the inbox is read; commands are promised to be obeyed within 250 ms.
const POLL: Duration = Duration::from_millis(100);

/// Reads the inbox as long as the engine is there, and hands each letter to its run once.
pub(crate) async fn watch(engine: Weak<Inner>) {
    let mut last = 0;
    loop {
        tokio::time::sleep(POLL).await;
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if engine.is_idle() {
            continue;
        }
        // A store that cannot be read now is found out by the next append as well, which reports.
        let Ok(letters) = engine.config.journal.inbox().await else {
            continue;
        };
        for letter in letters {
            if letter.id > last {
                last = letter.id;
                engine.tell(&letter.run.clone(), Event::Letter(letter));
            }
        }
    }
}
