//! Arguments of the command that explains.

use clap::Args;

/// `baton why`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Says what a run or task waits for and what to do about it, and why it was refused, retried, \
reused or not, cancelled, restarted, denied or paused, with the numbers of the records behind \
each statement, as `baton journal` shows them.

With --json, one object: run, task, state, findings [{cause, task, text, hint, records}].

Examples:
  baton why last
  baton why last/3
  baton why last --json | jq -r '.findings[] | select(.cause == \"waits-gate\") | .task'")]
pub struct WhyArgs {
    /// The run or task: an id, the beginning or end of one, or `last`; /3 after it names a task.
    #[arg(value_name = "RUN|TASK")]
    pub id: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
