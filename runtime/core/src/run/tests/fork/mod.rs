//! Forks: what they begin with, what they do again, and that they always hold together.

mod edits;
mod kept;
mod properties;
mod shared;

use super::fixture::{Bench, agent, started, tokens, workflow};
use super::tools::{call, raw, with_tools};
use crate::command::Command;
use crate::fork::{Cut, Edit, ForkError, Plan, plan};
use crate::ids::TaskPath;
use crate::record::{Body, Fork, Record, RunStarted};
use crate::run::Run;

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn at(task: &str) -> Cut {
    Cut::At(path(task))
}

/// The records as a fork has them.
fn forked(plan: &Plan) -> Vec<Record> {
    let mut plan = plan.clone();
    let fork = Fork {
        run: started().run,
        at: plan.at,
        records: plan.records.len() as u64,
        made: plan.records.last().unwrap().at,
        given: plan.given.clone(),
        asked: plan.asked.clone(),
        same_program: plan.same_program,
        edit: plan.edit.clone(),
    };
    plan.started_mut().unwrap().fork = Some(Box::new(fork));
    plan.records
}

fn fold(plan: &Plan) -> Run {
    Run::from_records(forked(plan)).unwrap()
}

/// Kinds of the records, with the task where one ended.
fn kinds(records: &[Record]) -> Vec<String> {
    Bench::replayed(records).kinds()
}
