//! A run that waits for a provider in another process is made to ask it again now.

use std::time::Duration;

use baton_core::ids::RunId;
use baton_core::record::{Body, Pause, Record};
use baton_journal::rows::RunRow;
use baton_journal::store::Control;

use crate::codes::Exit;
use crate::control::{Fate, Told};
use crate::error::Result;
use crate::home::Home;
use crate::{pause, records, session};

/// Time between two looks at what became of it.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Looks before the command stops waiting: the answer of a model takes some seconds.
const LOOKS_MAX: u32 = 300;

/// What became of the order so far.
#[derive(Debug, Default, PartialEq, Eq)]
enum Seen {
    /// Nobody has obeyed yet.
    #[default]
    Nothing,
    /// The provider is being asked.
    Asked,
    /// It serves.
    Served,
    /// It does not, or the run stopped for another reason.
    Stopped(Box<Pause>),
}

impl Seen {
    /// Takes in a record that was made after the order.
    fn take(&mut self, record: Record) {
        match record.body {
            Body::Resumed { .. } if *self == Self::Nothing => *self = Self::Asked,
            // A call that failed stands on record, too, and has no answer.
            Body::Turned { usage, .. } if usage.output_tokens == 0 => {}
            Body::Turned { .. } | Body::Completed { .. } | Body::Finished { .. }
                if *self == Self::Asked =>
            {
                *self = Self::Served;
            }
            Body::Paused { reason } if *self == Self::Asked => {
                *self = Self::Stopped(Box::new(reason));
            }
            _ => {}
        }
    }
}

/// Sends the order, waits for what comes of it, and says so.
///
/// # Errors
/// When the provider still serves nobody, or the journal cannot be used.
pub async fn ask(home: &Home, row: &RunRow, json: bool) -> Result<Exit> {
    let journal = home.write()?;
    let run = &row.run;
    journal.send(run, &session::who(), Control::Resume).await?;
    let (mut seen, mut last) = (Seen::default(), row.records);
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(LOOK_INTERVAL).await;
        last = records::after(&*journal, run, last, |record| {
            seen.take(record);
            Ok(())
        })
        .await?;
        match &seen {
            Seen::Nothing | Seen::Asked => {}
            Seen::Served => {
                let done = format!("{run} goes on in the process that drives it");
                return told(run, Fate::Obeyed, done, json);
            }
            Seen::Stopped(reason) => return Err(pause::error(run, reason, pause::now())),
        }
    }
    let fate = if seen == Seen::Asked { Fate::Obeyed } else { Fate::Pending };
    told(run, fate, format!("{run} asks its provider again, which has not answered yet"), json)
}

/// Says what became of the order.
fn told(run: &RunId, fate: Fate, done: String, json: bool) -> Result<Exit> {
    let next = Some(format!("`baton attach {run}` follows it"));
    Told { done, next, ..Told::new(run, None, "resume", fate) }.show(json)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::budget::Caps;
    use baton_core::digest::Digest;
    use baton_core::handoff::Usage;
    use baton_core::ids::Timestamp;

    use super::*;

    fn seen(bodies: impl IntoIterator<Item = Body>) -> Seen {
        let mut seen = Seen::default();
        for (seq, body) in (1..).zip(bodies) {
            seen.take(Record { seq, at: Timestamp(seq), body });
        }
        seen
    }

    fn resumed() -> Body {
        Body::Resumed {
            by: "ada".into(),
            epoch: 1,
            caps: Caps::default(),
            engine: String::new(),
            programs: Default::default(),
        }
    }

    fn turned(output_tokens: u64) -> Body {
        let (task, usage) = ("1".parse().unwrap(), Usage { output_tokens, ..Usage::default() });
        let content = Some(Digest::of(b"said"));
        Body::Turned { task, call: 2, content, usage, estimated: false }
    }

    #[test]
    fn what_came_of_the_order() {
        let paused = || Body::Paused { reason: Pause::Interrupted };
        for (bodies, expected) in [
            (vec![], Seen::Nothing),
            // What was under way when the order came is no answer to it.
            (vec![turned(5), paused()], Seen::Nothing),
            (vec![resumed()], Seen::Asked),
            (vec![resumed(), turned(0)], Seen::Asked),
            (vec![resumed(), turned(5)], Seen::Served),
            (vec![resumed(), turned(0), paused()], Seen::Stopped(Box::new(Pause::Interrupted))),
            (vec![resumed(), turned(5), paused()], Seen::Served),
        ] {
            assert_eq!(seen(bodies), expected);
        }
    }
}
