//! What tasks consume, counted record by record: once, and as early as it is known.

use std::collections::HashMap;

use baton_core::handoff::Usage;
use baton_core::ids::TaskPath;
use baton_core::record::Body;

/// Counts what agents and tools consume. Cost per record does not grow with the run.
#[derive(Debug, Default)]
pub struct Spending {
    tasks: HashMap<TaskPath, Open>,
}

/// What is known of a task of which more may come.
#[derive(Debug, Default)]
struct Open {
    metered: Usage,
    reserved: Usage,
    ended: bool,
}

/// How a number came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider of a model said it of one call.
    Metered,
    /// Nobody said it of a call of a model: it is an estimate.
    Estimated,
    /// Whoever did the work says so.
    Claimed,
}

/// What a record tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent<'a> {
    /// The task.
    pub task: &'a TaskPath,
    /// What it consumed beside what was told before, by source. At most two are anything.
    pub more: [(Source, Usage); 2],
    /// What was charged too much before, always by estimate.
    pub less: Usage,
}

impl Spending {
    /// Takes a record in; says what was consumed, if the record tells it.
    pub fn apply<'a>(&mut self, body: &'a Body) -> Option<Spent<'a>> {
        match body {
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                if work.is_performed() {
                    self.tasks.insert(task.clone(), Open::default());
                }
                None
            }
            Body::Asked { task, reserve, .. } => {
                self.tasks.entry(task.clone()).or_default().reserved = *reserve;
                None
            }
            Body::Turned { task, usage, estimated, .. } => {
                let usage = Usage { estimated_calls: u64::from(*estimated), ..*usage };
                let source = if *estimated { Source::Estimated } else { Source::Metered };
                let mut less = Usage::default();
                if let Some(open) = self.tasks.get_mut(task) {
                    let reserved = std::mem::take(&mut open.reserved);
                    open.metered.add(&usage);
                    if open.ended {
                        less = Usage { estimated_calls: 1, ..reserved };
                        self.tasks.remove(task);
                    }
                }
                Some(Spent {
                    task,
                    more: [(source, usage), (Source::Claimed, Usage::default())],
                    less,
                })
            }
            Body::Completed { task, usage, .. } => {
                let open = self.tasks.get_mut(task).filter(|open| !open.ended)?;
                let mut claimed = *usage;
                claimed.remove(&open.metered);
                let nothing = Usage::default();
                let mut estimated = nothing;
                if open.reserved == nothing {
                    self.tasks.remove(task);
                } else {
                    // Its last call is charged with all that it may consume until it is told.
                    open.ended = true;
                    estimated = Usage { estimated_calls: 1, ..open.reserved };
                    claimed.remove(&estimated);
                }
                Some(Spent {
                    task,
                    more: [(Source::Claimed, claimed), (Source::Estimated, estimated)],
                    less: nothing,
                })
            }
            _ => None,
        }
    }
}

impl Spent<'_> {
    /// Adds it to a sum, whatever its source.
    pub fn add_to(&self, sum: &mut Usage) {
        sum.remove(&self.less);
        for (_, usage) in &self.more {
            sum.add(usage);
        }
    }
}

#[cfg(test)]
mod tests;
