//! Records without what makes them large.
//!
//! Whether records are those of one run follows from their numbers, kinds and tasks, never from what
//! somebody said. So a run of any size can be checked in the room that its tasks take.

use baton_core::files::Observation;
use baton_core::handoff::{Handoff, Outcome};
use baton_core::json::Json;
use baton_core::record::{Body, Record, Work};
use baton_core::report::Report;

/// The record without its texts.
pub(super) fn light(mut record: Record) -> Record {
    match &mut record.body {
        Body::RunStarted(started) => {
            started.input = Json::default();
            started.forecast = None;
        }
        Body::Spawned { work, .. } | Body::Called { work, .. } => lighten(work),
        Body::Observed { observation, .. } => match observation {
            Observation::Listing { entries, .. } => entries.clear(),
            Observation::Matches { matches, .. } => matches.clear(),
            Observation::Content { .. } | Observation::Entry(_) | Observation::Failed(_) => {}
        },
        Body::Reported { report: Report::Log { text, .. }, .. }
        | Body::AgentReported { report: Report::Log { text, .. }, .. }
        | Body::Messaged { text, .. } => text.clear(),
        Body::AgentRead { reads, .. } => reads.clear(),
        Body::Completed { outcome, .. } | Body::Finished { outcome, .. } => {
            if let Outcome::Done(handoff) = outcome {
                *handoff = Handoff::default();
            }
        }
        _ => {}
    }
    record
}

fn lighten(work: &mut Work) {
    match work {
        Work::Agent { spec, .. } => {
            spec.prompt.clear();
            (spec.input, spec.schema, spec.options.system) = (None, None, None);
        }
        Work::Tool { spec, .. } => spec.input = Json::default(),
        Work::Workflow { spec, .. } => spec.input = Json::default(),
        Work::Gate { spec, .. } => {
            (spec.options.details, spec.options.schema) = (None, None);
        }
        Work::Sleep { .. } => {}
    }
}
