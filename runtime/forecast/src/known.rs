//! What the dry runs of one forecast know, and learn from each other.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, Outcome};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{Body, Record, Work};

use crate::rates::Rates;
use crate::tokens::Memo;
use crate::world::World;

/// What a tool brought that can only read.
type Looked = Result<Json, Failure>;

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What agents consumed before.
    pub(crate) rates: Rates,
    /// Counted texts.
    pub(crate) memo: Memo,
    /// The files that may be read.
    pub(crate) world: Arc<World>,
    looked: Mutex<HashMap<Digest, Looked>>,
}

impl Known {
    pub(crate) fn new(rates: Rates, world: World) -> Self {
        Self { rates, world: Arc::new(world), ..Self::default() }
    }

    /// What a tool that can only read brought for this input. It would bring the same again: nothing
    /// that it looks at changes while a forecast is made.
    pub(crate) fn looked(&self, tool: &str, input: &Json) -> Option<Looked> {
        self.all().get(&question(tool, input)).cloned()
    }

    /// Keeps what the tools of a dry run brought that were really called. It gives how long each took,
    /// in milliseconds.
    pub(crate) fn learn(
        &self,
        records: &[Record],
        performed: impl Fn(&TaskPath) -> bool,
    ) -> BTreeMap<TaskPath, u64> {
        let mut asked = BTreeMap::new();
        let mut took = BTreeMap::new();
        for record in records {
            match &record.body {
                Body::Spawned { task, work, .. } => {
                    if let Work::Tool { spec, tool, .. } = &**work
                        && !performed(task)
                    {
                        asked.insert(task, (question(tool, &spec.input), record.at));
                    }
                }
                Body::Completed { task, outcome, .. } => {
                    let Some((question, at)) = asked.remove(task) else { continue };
                    took.insert(task.clone(), record.at.since(at));
                    let brought = match outcome {
                        Outcome::Done(handoff) => Ok(handoff.output.clone()),
                        Outcome::Failed(failure) => Err(failure.clone()),
                    };
                    self.all().insert(question, brought);
                }
                _ => {}
            }
        }
        took
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Looked>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn question(tool: &str, input: &Json) -> Digest {
    Digest::of_json(&[tool, input.as_str()])
}
