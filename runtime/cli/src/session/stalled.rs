//! Saying why nothing happens while another process holds the journal.

use std::sync::{Arc, Weak};
use std::time::Duration;

use baton_journal::sqlite::PATIENCE;
use baton_journal::store::Journal;

use crate::output::{WARN, note};
use crate::text::{duration, paint};

/// From here on somebody wonders. Commits of others take milliseconds.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Tells of it as long as the journal is open. Must be called within a runtime.
pub fn tell(journal: &Arc<dyn Journal>) {
    let journal: Weak<dyn Journal> = Arc::downgrade(journal);
    tokio::spawn(async move {
        let mut told = Told::default();
        // Not held between two looks: who closes the journal must be the last one to have it.
        while let Some(lasts) = journal.upgrade().map(|journal| journal.held_up()) {
            if let Some(line) = told.news(lasts) {
                note(&line);
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    });
}

/// What people know of a stall.
#[derive(Default)]
struct Told {
    /// How long it lasted when they were told, or at the last look after that.
    of: Option<Duration>,
}

impl Told {
    /// The line that is due, if the journal has been held by another for so long.
    fn news(&mut self, lasts: Option<Duration>) -> Option<String> {
        match (self.of, lasts) {
            // One that is shorter is another one, in the time between two looks.
            (Some(before), Some(lasts)) if lasts >= before => {
                self.of = Some(lasts);
                None
            }
            (Some(before), _) => {
                self.of = None;
                Some(paint(WARN, &format!("the journal is free again after {}", words(before))))
            }
            (None, Some(lasts)) if lasts >= TOLD_AFTER => {
                self.of = Some(lasts);
                Some(format!(
                    "{} another process has held the journal for {}: nothing is lost, the run goes on \
                     when it lets go; after {} it stops and can be resumed",
                    paint(WARN, "waiting:"),
                    words(lasts),
                    words(PATIENCE)
                ))
            }
            (None, _) => None,
        }
    }
}

fn words(time: Duration) -> String {
    // Whole seconds: it is looked at twice in one.
    duration(time.as_secs() * 1_000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_stall_is_told_once_and_so_is_its_end() {
        let mut told = Told::default();
        let mut news = |millis: Option<u64>| told.news(millis.map(Duration::from_millis));
        for short in [None, Some(3), Some(1_999), None] {
            assert_eq!(news(short), None, "{short:?}");
        }
        let line = news(Some(2_400)).unwrap();
        assert!(line.contains("held the journal for 2") && line.contains("resumed"), "{line}");
        assert_eq!(news(Some(2_900)), None);
        assert_eq!(news(Some(14_100)), None);
        assert!(news(None).unwrap().contains("free again after 14"));
        assert_eq!(news(None), None);
        // The next one began between two looks.
        news(Some(5_000)).unwrap();
        assert!(news(Some(100)).unwrap().contains("free again after 5"));
        assert_eq!(news(Some(600)), None);
    }
}
