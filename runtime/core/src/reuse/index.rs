//! The results of a run, to be claimed by another.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::world::{Condition, Terms, World};
use super::{KeyParts, Miss, Seen, is_reusable, key};
use crate::digest::Digest;
use crate::handoff::{FailureKind, Outcome};
use crate::ids::{RunId, TaskPath};
use crate::record::{Body, Record};
use crate::run::{Message, RecordError, Run};

/// All reusable tasks of a run, of every level, in the order in which they were asked for.
#[derive(Debug)]
pub struct Index {
    run: RunId,
    entries: Vec<Entry>,
    by_key: HashMap<Digest, Vec<usize>>,
    by_path: HashMap<TaskPath, usize>,
    by_label: HashMap<String, Vec<usize>>,
    world: World,
}

/// An agent task of the indexed run.
#[derive(Debug)]
pub struct Entry {
    pub(super) path: TaskPath,
    label: Option<String>,
    pub(super) parts: KeyParts,
    end: End,
    pub(super) reads: Vec<Seen>,
    /// Whether `reads` is everything; none: nothing was recorded.
    pub(super) complete: Option<bool>,
    /// It was reused there itself, whatever the files were.
    pub(super) unchecked: bool,
    /// What people told it, as far as it heard that.
    told: Vec<String>,
    /// It was reused there itself, whatever people had told it.
    steered_before: bool,
    claimed: bool,
    /// It is to be done again.
    excepted: bool,
}

#[derive(Debug)]
enum End {
    Done(Arc<Outcome>),
    Failed(String),
    /// Open, or cancelled.
    Open,
}

impl End {
    fn of(run: &Run, task: &TaskPath) -> Self {
        let Some(outcome) = run.outcome(task) else { return Self::Open };
        match outcome.failure() {
            // Nobody wanted its result any more: it says nothing of the task.
            Some(failure) if failure.kind == FailureKind::Cancelled => Self::Open,
            Some(failure) => Self::Failed(failure.code.clone()),
            None => Self::Done(outcome),
        }
    }
}

/// What only the records of a run tell of its tasks.
#[derive(Default)]
struct Recorded {
    /// The reusable ones, in the order in which they were asked for.
    order: Vec<TaskPath>,
    /// What they looked at, and whether that is everything.
    reads: HashMap<TaskPath, (Vec<Seen>, bool)>,
    /// Those that were reused there themselves.
    reused: HashSet<TaskPath>,
}

impl Recorded {
    fn of(records: &[Record]) -> Self {
        let mut recorded = Self::default();
        for record in records {
            match &record.body {
                Body::Spawned { task, work, .. } if is_reusable(work) => {
                    recorded.order.push(task.clone());
                }
                // Each attempt tells its own: corrections carry on what an earlier one saw.
                Body::AgentRead { task, reads, complete } => {
                    let known = recorded.reads.entry(task.clone());
                    let (all, whole) = known.or_insert_with(|| (Vec::new(), true));
                    all.extend(reads.iter().cloned());
                    *whole &= complete;
                }
                Body::Completed { task, reused_from: Some(_), .. } => {
                    recorded.reused.insert(task.clone());
                }
                _ => {}
            }
        }
        recorded
    }
}

/// An agent task that asks for a result.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where it is in its own run.
    pub path: TaskPath,
    /// What people call it.
    pub label: Option<String>,
    /// What decides its result.
    pub parts: KeyParts,
    /// What people told it so far.
    pub told: Vec<String>,
}

/// Texts of messages.
fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.text.clone()).collect()
}

impl Call {
    /// What an agent task of a run asks for; none for another task.
    #[must_use]
    pub fn of(run: &Run, task: &TaskPath) -> Option<Self> {
        let label = run.task(task)?.work.label().map(ToOwned::to_owned);
        let told = texts(run.messages_of(task));
        Some(Self { path: task.clone(), label, parts: key(run, task)?, told })
    }
}

impl Entry {
    /// Where it is in its run.
    #[must_use]
    pub fn path(&self) -> &TaskPath {
        &self.path
    }

    /// How it ended, if it has a result.
    #[must_use]
    pub fn outcome(&self) -> Option<&Arc<Outcome>> {
        match &self.end {
            End::Done(outcome) => Some(outcome),
            End::Failed(_) | End::Open => None,
        }
    }

    /// Why a call gets nothing of it: people told one of them what they did not tell the other.
    fn steered(&self, call: &Call) -> Option<Miss> {
        let from = self.path.clone();
        match self.told == call.told {
            true if !self.steered_before => None,
            true => Some(Miss::Steered { from, messages: 0 }),
            false => Some(Miss::Steered { from, messages: self.told.len() as u64 }),
        }
    }

    /// What it read, and whether that is everything; none: nothing was recorded.
    #[must_use]
    pub fn reads(&self) -> Option<(&[Seen], bool)> {
        Some((self.reads.as_slice(), self.complete?))
    }
}

impl Index {
    /// The index of a run, from its records, for a run with these terms.
    ///
    /// # Errors
    /// When the records are not those of one run.
    pub fn new(records: Vec<Record>, terms: Terms) -> Result<Self, RecordError> {
        let Recorded { order, mut reads, reused } = Recorded::of(&records);
        let run = Run::from_records(records)?;
        let was_stale = run.started().reuse.as_ref().is_some_and(|reuse| reuse.stale);
        let was_steered = run.started().reuse.as_ref().is_some_and(|reuse| reuse.steered);
        let (first, last) = run.snapshots();
        let mut index = Self {
            run: run.started().run.clone(),
            entries: Vec::new(),
            by_key: HashMap::new(),
            by_path: HashMap::new(),
            by_label: HashMap::new(),
            world: World {
                granted: run.started().root.is_some(),
                base: run.started().base.clone(),
                terms,
                first: first.cloned(),
                last: last.cloned(),
            },
        };
        for path in order {
            let Some(call) = Call::of(&run, &path) else { continue };
            let (reads, complete) = match reads.remove(&path) {
                Some((reads, complete)) => (reads, Some(complete)),
                None => (Vec::new(), None),
            };
            index.add(Entry {
                end: End::of(&run, &path),
                // What a fork shares was done by another run, with other files perhaps.
                unchecked: (was_stale && reused.contains(&path)) || run.is_shared(&path),
                told: texts(run.heard_by(&path)),
                steered_before: was_steered && reused.contains(&path),
                path,
                label: call.label,
                parts: call.parts,
                reads,
                complete,
                claimed: false,
                excepted: false,
            });
        }
        Ok(index)
    }

    fn add(&mut self, entry: Entry) {
        let place = self.entries.len();
        self.by_key.entry(entry.parts.digest()).or_default().push(place);
        self.by_path.insert(entry.path.clone(), place);
        if let Some(label) = &entry.label {
            self.by_label.entry(label.clone()).or_default().push(place);
        }
        self.entries.push(entry);
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Takes note that the result of a task was claimed earlier.
    pub fn mark(&mut self, path: &TaskPath) {
        if let Some(entry) =
            self.by_path.get(path).copied().and_then(|place| self.entries.get_mut(place))
        {
            entry.claimed = true;
        }
    }

    /// Takes the results of a task, and of all below it, out: they are to be done again.
    pub fn except(&mut self, path: &TaskPath) {
        for entry in self.entries.iter_mut().filter(|entry| entry.path.is_within(path)) {
            entry.excepted = true;
        }
    }

    /// Claims a result for a call: of the unclaimed ones with its key that `check` lets pass, the
    /// one in the same place, else the first. `check` says whether a condition holds now.
    ///
    /// # Errors
    /// Why there is none.
    pub fn claim(
        &mut self,
        call: &Call,
        mut check: impl FnMut(&Entry, Condition<'_>) -> Result<(), Miss>,
    ) -> Result<&Entry, Miss> {
        let own = self.by_path.get(&call.path).and_then(|place| self.entries.get(*place));
        if let Some(own) = own.filter(|own| own.excepted) {
            return Err(Miss::Excepted { from: own.path.clone() });
        }
        let equals = self.by_key.get(&call.parts.digest()).map_or(&[][..], Vec::as_slice);
        let same_place = self.by_path.get(&call.path).filter(|place| equals.contains(place));
        let mut refused = None;
        let found = same_place.into_iter().chain(equals).copied().find(|place| {
            let Some(entry) = self.entries.get(*place) else { return false };
            if entry.claimed || entry.excepted || entry.outcome().is_none() {
                return false;
            }
            let steered = entry.steered(call).filter(|_| !self.world.terms.steered);
            let condition = steered.map_or_else(|| self.world.condition(entry), Err);
            match condition.and_then(|condition| check(entry, condition)) {
                Ok(()) => true,
                Err(miss) => {
                    refused.get_or_insert(miss);
                    false
                }
            }
        });
        let Some(place) = found else {
            return Err(refused.unwrap_or_else(|| self.explain(call)));
        };
        // What was found is there.
        let entry = self.entries.get_mut(place).ok_or(Miss::New)?;
        entry.claimed = true;
        Ok(entry)
    }

    /// Why a call without a result has none.
    fn explain(&self, call: &Call) -> Miss {
        let equals = self.by_key.get(&call.parts.digest()).map_or(&[][..], Vec::as_slice);
        let equals: Vec<&Entry> =
            equals.iter().filter_map(|place| self.entries.get(*place)).collect();
        let without = equals.iter().find(|entry| entry.outcome().is_none() && !entry.excepted);
        if let Some(entry) = without {
            let from = entry.path.clone();
            return match &entry.end {
                End::Failed(code) => Miss::Failed { from, code: code.clone() },
                End::Open | End::Done(_) => Miss::Unfinished { from },
            };
        }
        if let Some(excepted) = equals.iter().find(|entry| entry.excepted) {
            return Miss::Excepted { from: excepted.path.clone() };
        }
        if !equals.is_empty() {
            return Miss::Taken;
        }
        let labelled =
            call.label.as_ref().and_then(|label| self.by_label.get(label)).into_iter().flatten();
        let near: Vec<&Entry> = labelled
            .chain(self.by_path.get(&call.path))
            .filter_map(|place| self.entries.get(*place))
            .collect();
        let nearest = near.iter().find(|entry| !entry.claimed).or(near.first());
        nearest.map_or(Miss::New, |entry| Miss::Changed {
            from: entry.path.clone(),
            parts: call.parts.differences(&entry.parts).into_iter().map(Into::into).collect(),
        })
    }
}
