//! Arguments of the commands that go back in a run, and hold runs against each other.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{CapArgs, PolicyArgs, ResultArgs};
use crate::value::{self, AgentArg};

/// `baton fork`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("edit").args(["edit_output", "edit_input", "workflow"]),
    after_help = "\
The new run shares what the other one has on record up to the place, at no cost, and goes on by \
itself from there. At a task: everything from before the task's end is shared, and the task is \
done again; a nested workflow with all that is in it. At a record: everything up to that record. \
What was at work at the place begins anew. The other run stays as it is; it may have ended, be \
paused, or be under way.

Before anything starts it says what is shared, what is done again, and which effects that must not \
happen twice would happen a second time: these want a yes.

The result is that of `baton run`, in --json with \"forked_from\". With --dry-run --json: run, \
at, records, shared {tasks, usage}, open [{task, kind, label, effect, before}], twice [{task, \
label, certain}], edit.

Examples:
  baton fork last --at 120                               again from record 120 on
  baton fork last --at /3/1                              the task again, and what follows
  baton fork last/7 --edit-output '{\"verdict\":\"yes\"}'    go on as if it had said that
  baton fork last/7 --edit-input 'Look again, at src/ alone'
  baton fork last/7 --workflow ./better.js --reuse       another program from there on
  baton fork last/7 --dry-run                            only say what would be"
)]
pub struct ForkArgs {
    /// The run, or the task in it: last, or last/3/1.
    #[arg(value_name = "RUN|TASK")]
    pub run: String,
    /// Where: a task of the run (/3/1 or RUN/3/1), or the number of a record.
    #[arg(long, value_name = "TASK|SEQ")]
    pub at: Option<String>,
    /// The task ends with this output, without being done again: JSON, @FILE or -.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub edit_output: Option<String>,
    /// The task is done again with this. An agent: a JSON string or any other text is its prompt, an
    /// object has `prompt`, `input` or both. A tool or workflow: its input as JSON. Or @FILE, or -.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub edit_input: Option<String>,
    /// Another script or component goes on from there. It must do again what is shared.
    #[arg(long, value_name = "WORKFLOW")]
    pub workflow: Option<String>,
    /// Who performs the agents of the other program, as with `baton run`; else as in the run.
    #[arg(long = "agent", value_name = "[TYPE=]BACKEND", value_parser = value::agent, requires = "workflow")]
    pub agents: Vec<AgentArg>,
    /// The other program is a script that gets the global `baton`, as it does anyway where the run's did.
    #[arg(long, requires = "workflow")]
    pub extensions: bool,
    /// What follows takes results of the run where a call is the same.
    #[arg(long)]
    pub reuse: bool,
    /// How it goes on.
    #[command(flatten)]
    pub begin: BeginArgs,
    /// What the other program is granted and denied.
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// How a run that was made from another goes on.
#[derive(Debug, Args)]
pub struct BeginArgs {
    /// Only say what would be shared and done again.
    #[arg(long)]
    pub dry_run: bool,
    /// Start without asking, also what must not happen twice, and a run that you did not start.
    #[arg(long, short)]
    pub yes: bool,
    /// Let it go on in the background.
    #[arg(long, conflicts_with = "dry_run")]
    pub detach: bool,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
    /// Caps of the new run; those not given are as in the other one. What is shared does not count.
    #[command(flatten)]
    pub caps: CapArgs,
}

/// `baton retry`.
#[derive(Debug, Args)]
#[command(after_help = "\
A new run shares what was done before the task, does the task again, and takes everything else \
from the other run where it is the same: only the task is performed, and what depends on what it \
now brings. Questions to people are asked again, timers run again. Of a whole run: what failed \
or never ended is tried again.

An agent that is still at work is not retried but restarted: `baton restart`.

With --json, what `baton fork --json` prints.

Examples:
  baton retry last/3
  baton retry last/3 --detach
  baton retry last                      every task that failed")]
pub struct RetryArgs {
    /// The task, such as last/3, or the run.
    #[arg(value_name = "TASK|RUN")]
    pub id: String,
    /// How it goes on.
    #[command(flatten)]
    pub begin: BeginArgs,
}

/// `baton diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Tasks are held against each other by their places, and by what was asked where the places \
differ. Compared are the program, the input, what it was granted, who was to perform agents, the \
script's budget and options, what was asked of each task, who performed it, what it read, how it \
ended, and the result; not what was logged, nor caps. Cost and time are shown, and are no \
difference by themselves; nor is that a task has another place, which the order decides in which \
others end.

Exit codes: 0 the runs are the same, 1 they differ, others as everywhere.

With --json, one object: a, b, equal, program, input, outcome, tasks [{change (added, removed, \
changed or moved), a, b, kind, label, parts [{part, a, b}]}], totals {a, b}.

Examples:
  baton diff 01JQ4Z last
  baton diff 01JQ4Z last --json | jq '.tasks[] | select(.change == \"changed\")'")]
pub struct DiffArgs {
    /// A run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub a: String,
    /// The run it is held against.
    #[arg(value_name = "RUN")]
    pub b: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every workflow of the run is executed again in the sandbox, from the bytes that are pinned, and \
must repeat each command that is on record and end as it did. Without --workflow every record is \
then held against those before it. Nothing else happens: no agent, tool, model, file, timer or \
person is asked, and nothing is written. So it also works on a run that another process drives. \
Workflows may compute as long and use as much memory as the limits on record say: where a run that \
you did not start raises them, --yes is needed.

With --json, one object: run, same, records, commands, ms, workflows [{task, name, commands, end \
(same, open, given, diverged or other), divergence, recorded, now}], and, where something on record \
does not follow, wrong [{record, field, recorded, due}].

Examples:
  baton replay last
  baton replay last --workflow ./flow.js     whether an edited script would still fit the record")]
pub struct ReplayArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// A script or component in place of the one that is pinned.
    #[arg(long, value_name = "FILE")]
    pub workflow: Option<PathBuf>,
    /// Execute its workflows also with the raised limits of a run that you did not start.
    #[arg(long, short)]
    pub yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
