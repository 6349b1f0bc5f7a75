//! What must hold of the files for a result to count.

use super::index::Entry;
use super::{Miss, Seen};
use crate::record::Snapshot;

/// What the asking run brings along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether it has a granted directory.
    pub granted: bool,
    /// The commit that its isolated agents work in copies of.
    pub base: Option<String>,
    /// Where nobody sees what an agent reads, the state of the files does not matter.
    pub stale: bool,
    /// Whether messages of people steered a result does not matter.
    pub steered: bool,
}

/// What is known of the files of both runs.
#[derive(Debug)]
pub(super) struct World {
    /// Whether the indexed run had a directory.
    pub(super) granted: bool,
    /// The commit that its isolated agents worked in copies of.
    pub(super) base: Option<String>,
    pub(super) terms: Terms,
    pub(super) first: Option<Snapshot>,
    pub(super) last: Option<Snapshot>,
}

/// What must hold for a result to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing: it rests on no files.
    Nothing,
    /// Each of these requests brings the same now.
    Reads(&'a [Seen]),
    /// The granted directory is in this state.
    Snapshot(&'a Snapshot),
}

impl World {
    /// What must hold now for a result to count.
    pub(super) fn condition<'a>(&'a self, entry: &'a Entry) -> Result<Condition<'a>, Miss> {
        let nowhere = !self.granted && !self.terms.granted;
        let from = entry.path.clone();
        if entry.parts.is_opaque() {
            if self.terms.stale || nowhere {
                return Ok(Condition::Nothing);
            }
            if entry.parts.is_isolated() && !entry.unchecked {
                let same = self.base.is_some() && self.base == self.terms.base;
                return if same {
                    Ok(Condition::Nothing)
                } else {
                    Err(Miss::UnseenFilesChanged { from })
                };
            }
            return self
                .state(entry)
                .map(Condition::Snapshot)
                .map_err(|why| Miss::UnknownFiles { from, why: why.into() });
        }
        match entry.complete {
            Some(true) => Ok(Condition::Reads(&entry.reads)),
            Some(false) => Err(Miss::TooManyReads { from }),
            // Without a scope to read there is nothing to record.
            None if !entry.parts.may_read() || nowhere => Ok(Condition::Nothing),
            None => {
                let why = "what components read was not recorded there".into();
                Err(Miss::UnknownFiles { from, why })
            }
        }
    }

    /// The state of the directory that a result rests on: the one the run left behind, because what
    /// its agents did there is part of their work; the one it began with, if it left the same one
    /// behind or nobody saw its end.
    fn state(&self, entry: &Entry) -> Result<&Snapshot, &str> {
        if entry.unchecked {
            return Err("it was reused there itself, whatever the files were");
        }
        if self.granted != self.terms.granted {
            return Err("only one of the runs has a directory");
        }
        let Some(state) = self.last.as_ref().or(self.first.as_ref()) else {
            return Err("the state of the directory was not recorded there");
        };
        match (&state.digest, &state.problem) {
            (Some(_), _) => Ok(state),
            (None, Some(problem)) => Err(problem),
            (None, None) => Err("the state of the directory was not recorded there"),
        }
    }
}
