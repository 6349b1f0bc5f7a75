//! The blobs that records name.
//!
//! Two answers to one question. [`named`] knows the form of every record and says which blobs
//! belong to a run: that is what is exported with it and looked for by a check. [`mentioned`] knows
//! no form at all and finds whatever looks like a digest: that is what nothing may be removed by.
//! Whatever the first finds the second finds, so a kind of record that somebody forgot here costs
//! an export a blob, which is noticed when it is imported, and never a journal one.

use crate::digest::Digest;
use crate::files::Observation;
use crate::handoff::{Artifact, Outcome};
use crate::record::{Body, Record};
use crate::report::Report;

/// A blob that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its digest.
    pub digest: Digest,
    /// The host wrote it before the record: it must be there. Else somebody only says that there is
    /// such a blob.
    pub sure: bool,
}

/// The blobs that a record names by its form.
#[must_use]
pub fn named(record: &Record) -> Vec<Named> {
    let sure = |digest: &Digest| Named { digest: *digest, sure: true };
    match &record.body {
        Body::RunStarted(started) => started.program.parts().map(sure).collect(),
        Body::Observed { observation, .. } => match observation {
            Observation::Content { digest, .. } => vec![sure(digest)],
            Observation::Listing { .. }
            | Observation::Matches { .. }
            | Observation::Entry(_)
            | Observation::Failed(_) => Vec::new(),
        },
        Body::Reported { report, .. } | Body::AgentReported { report, .. } => match report {
            Report::Artifact(artifact) => vec![sure(&artifact.digest)],
            Report::Phase { .. } | Report::Log { .. } | Report::Progress { .. } => Vec::new(),
        },
        Body::Turned { content, .. } => content.iter().map(sure).collect(),
        Body::Completed { outcome, .. } | Body::Finished { outcome, .. } => claimed(outcome),
        Body::Spawned { .. }
        | Body::Refused { .. }
        | Body::CancelRequested { .. }
        | Body::Called { .. }
        | Body::Denied { .. }
        | Body::Started { .. }
        | Body::Process { .. }
        | Body::AttemptFailed { .. }
        | Body::Asked { .. }
        | Body::Deferred { .. }
        | Body::Passed { .. }
        | Body::AgentRead { .. }
        | Body::Snapshot(_)
        | Body::NotReused { .. }
        | Body::CancelOrdered { .. }
        | Body::Messaged { .. }
        | Body::Heard { .. }
        | Body::Session { .. }
        | Body::Listening { .. }
        | Body::PauseOrdered { .. }
        | Body::DenialsAdded { .. }
        | Body::RestartOrdered { .. }
        | Body::Paused { .. }
        | Body::Resumed { .. } => Vec::new(),
    }
}

/// A handoff is written by whoever did the work, who may make digests up.
fn claimed(outcome: &Outcome) -> Vec<Named> {
    let Outcome::Done(handoff) = outcome else { return Vec::new() };
    let claim = |artifact: &Artifact| Named { digest: artifact.digest, sure: false };
    handoff.artifacts.iter().map(claim).collect()
}

/// What every digest in a text begins with.
const PREFIX: &[u8] = b"sha256:";
/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// Every digest that a text holds, wherever it stands: as a value, as a key, within other text.
pub fn mentioned(text: &[u8]) -> impl Iterator<Item = Digest> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let at = rest.windows(PREFIX.len()).position(|window| window == PREFIX)?;
            rest = rest.get(at + PREFIX.len()..)?;
            let digits = rest.get(..DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
            if let Some(digest) = digits.and_then(|digits| digits.parse().ok()) {
                return Some(digest);
            }
        }
    })
}

#[cfg(test)]
mod tests;
