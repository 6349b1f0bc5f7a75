//! What changes of a run that comes from another machine.

use std::path::Path;

use baton_core::ids::RunId;
use baton_core::record::{Body, Record, RunStarted};

/// What is left to tell of a run that was adapted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapted {
    /// The directory it was granted there.
    pub root_there: Option<String>,
}

/// Makes records those of a run of this machine: the granted directory is `root`, if one is named, the
/// run is called `run`. Its batch stays where it was. So do its processes: their numbers belong to
/// others here, who must not be taken for its own.
pub fn adapt(records: &mut [Record], root: Option<&Path>, run: Option<&RunId>) -> Adapted {
    let mut adapted = Adapted::default();
    for record in records {
        match &mut record.body {
            Body::RunStarted(started) => {
                adapted.root_there.clone_from(&started.root);
                if let Some(root) = root {
                    started.root = Some(root.display().to_string());
                }
                if let Some(run) = run {
                    started.run = run.clone();
                }
                started.batch = None;
            }
            Body::Process { pid, ticks, .. } => (*pid, *ticks) = (0, 0),
            _ => {}
        }
    }
    adapted
}

/// Whether two records are the same but for what [`adapt`] changes.
#[must_use]
pub fn same(one: &Record, other: &Record) -> bool {
    plain(one) == plain(other)
}

fn plain(record: &Record) -> Record {
    let mut record = record.clone();
    match &mut record.body {
        Body::RunStarted(started) => {
            let started: &mut RunStarted = started;
            (started.root, started.batch) = (None, None);
        }
        Body::Process { pid, ticks, .. } => (*pid, *ticks) = (0, 0),
        _ => {}
    }
    record
}
