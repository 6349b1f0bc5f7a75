//! How dry runs end.

use std::time::Duration;

use baton_core::handoff::{Failure, Outcome};
use baton_core::record::{Body, Record};
use baton_core::refusal::RefusalKind;

/// Records that are so few milliseconds apart tell of one moment.
const TOGETHER_MS: u64 = 20;

/// Why a dry run was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It asked for too many agents.
    Agents,
    /// It took too long.
    Time,
    /// A workflow computed too long without a sign of life.
    Computing,
}

/// How a dry run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a result.
    Done,
    /// Without one, and why.
    Failed(String),
    /// Without one because something is not granted, which no answer changes.
    Refused(String),
    /// It was stopped.
    Stopped(Stop),
    /// It waits for messages of people.
    Waits,
}

/// The end in the light of what is on record.
pub(super) fn judged(end: End, records: &[Record]) -> End {
    let spins = |failure: &Failure| failure.code == "wall-time";
    let is_spent = records.iter().any(|record| match &record.body {
        Body::Completed { outcome: Outcome::Failed(failure), .. } => spins(failure),
        Body::Finished { outcome: Outcome::Failed(failure), .. } => spins(failure),
        _ => false,
    });
    if is_spent {
        return End::Stopped(Stop::Computing);
    }
    let End::Failed(why) = end else { return end };
    let refused = records.iter().any(|record| match &record.body {
        // Limits and budgets are reached by some answers and not by others.
        Body::Refused { refusal, .. } if refusal.kind == RefusalKind::Denied => {
            why.contains(&refusal.message) || why.ends_with(&format!("({})", refusal.code))
        }
        _ => false,
    });
    if refused { End::Refused(why) } else { End::Failed(why) }
}

/// How long nothing was recorded before the last record.
pub(super) fn quiet(records: &[Record]) -> Duration {
    let mut latest = records.iter().rev().map(|record| record.at);
    let last = latest.next().unwrap_or_default();
    // The end of a workflow and that of its run are recorded together.
    let before = latest.map(|at| last.since(at)).find(|ms| *ms > TOGETHER_MS);
    Duration::from_millis(before.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use baton_core::handoff::{FailureKind, Usage};
    use baton_core::ids::{TaskPath, Timestamp};
    use baton_core::refusal::Refusal;

    use super::*;

    fn failed(code: &str) -> Outcome {
        Outcome::Failed(Failure::new(FailureKind::Failed, code, "it went wrong"))
    }

    fn finished(code: &str) -> Body {
        Body::Finished { outcome: failed(code), usage: Usage::default() }
    }

    fn refused(message: &str) -> Body {
        let refusal = Refusal::new(RefusalKind::Denied, "exec-not-granted", message, "");
        let digest = baton_core::digest::Digest::of(b"");
        Body::Refused { workflow: TaskPath::root(), digest, fuel: 0, refusal }
    }

    fn records(bodies: Vec<(u64, Body)>) -> Vec<Record> {
        let record =
            |(seq, (at, body)): (u64, (u64, Body))| Record { seq, at: Timestamp(at), body };
        (1..).zip(bodies).map(record).collect()
    }

    #[test]
    fn the_record_tells_why_a_dry_run_ended() {
        let why = "`git` is not granted (exec-not-granted)";
        let end = || End::Failed(why.to_owned());
        let child = Body::Completed {
            task: TaskPath::root(),
            outcome: failed("wall-time"),
            usage: Usage::default(),
            reused_from: None,
        };
        let cases = [
            (vec![(1, finished("no"))], end()),
            (vec![(1, finished("wall-time"))], End::Stopped(Stop::Computing)),
            (vec![(1, child), (2, finished("no"))], End::Stopped(Stop::Computing)),
            (vec![(1, refused("`git` is not")), (2, finished("no"))], End::Refused(why.into())),
        ];
        for (bodies, expected) in cases {
            assert_eq!(judged(end(), &records(bodies)), expected);
        }
        let bodies = vec![(1, refused("`git` is not"))];
        assert_eq!(judged(End::Done, &records(bodies)), End::Done, "it went on without");
    }

    #[test]
    fn silence_is_what_lies_before_the_last_moment() {
        let told = |ats: &[u64]| {
            quiet(&records(ats.iter().map(|at| (*at, finished("no"))).collect())).as_millis()
        };
        assert_eq!(told(&[]), 0);
        assert_eq!(told(&[100, 1_600]), 1_500);
        assert_eq!(told(&[100, 1_590, 1_600]), 1_500, "the end of a workflow and of its run");
        assert_eq!(told(&[100, 900, 1_500, 1_600]), 100);
    }
}
