//! What changes of a run that comes from another machine.

use std::path::PathBuf;

use baton_core::ids::RunId;
use baton_core::record::{Body, Record, RunStarted};

/// Makes records those of a run of this machine. Its batch stays where it was. So do its processes:
/// their numbers belong to others here, who must not be taken for its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapt {
    /// The granted directory; none: as it was.
    pub root: Option<PathBuf>,
    /// What the run is called; none: as it was.
    pub run: Option<RunId>,
}

impl Adapt {
    /// Changes one record.
    pub fn change(&self, record: &mut Record) {
        match &mut record.body {
            Body::RunStarted(started) => self.change_start(started),
            Body::Process { pid, ticks, .. } => (*pid, *ticks) = (0, 0),
            _ => {}
        }
    }

    /// Changes the facts a run begins with.
    pub fn change_start(&self, started: &mut RunStarted) {
        if let Some(root) = &self.root {
            started.root = Some(root.display().to_string());
        }
        if let Some(run) = &self.run {
            started.run = run.clone();
        }
        started.batch = None;
    }
}

/// Whether two records are the same but for what [`Adapt`] changes.
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
