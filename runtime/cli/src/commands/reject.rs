//! `baton reject`: say no to a question that a run asks.

use baton_core::gate::Verdict;

use super::approve::{How, answer};
use crate::args::{Common, RejectArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::gates::Given;

/// Says no.
///
/// # Errors
/// When there is no such open gate, or the journal cannot be written.
pub fn run(args: &RejectArgs, common: &Common) -> Result<Exit> {
    let given = Given { note: args.note.as_deref(), ..Given::default() };
    let how = How { resume: args.resume, result: &args.result };
    answer(&args.gate, Verdict::Rejected, given, how, common)
}
