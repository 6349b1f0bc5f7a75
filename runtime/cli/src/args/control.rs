//! Arguments of the commands that act on a run from any terminal.

use clap::Args;

use super::{FollowArgs, ResultArgs};

/// Whether a command that drives a run stays while only people are waited for.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct WaitArgs {
    /// Stay while the run waits for nothing but people, as on a terminal anyway.
    #[arg(long, conflicts_with = "no_wait")]
    pub wait: bool,
    /// Leave with exit code 5 once the run waits for nothing but people, as elsewhere anyway.
    #[arg(long)]
    pub no_wait: bool,
}

/// `baton pause`.
#[derive(Debug, Args)]
#[command(after_help = "\
Agents at work finish and what they did is kept; nothing new starts. With --now they are stopped, \
and `baton resume` starts them again.

With --json, one object: run, order, outcome (obeyed, refused, kept, pending or already), message, \
hint.

Examples:
  baton pause last
  baton pause 01JQ4Z --now")]
pub struct PauseArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Stop what is at work instead of letting it finish.
    #[arg(long)]
    pub now: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton cancel`.
#[derive(Debug, Args)]
#[command(after_help = "\
A task is cancelled with everything below it. What was done stays in the journal; what was under \
way is lost. The process that owns the run obeys within a quarter of a second. If none is alive, \
the next one that resumes the run obeys first.

With --json, one object per run or task and line: run, task, order, outcome (obeyed, refused, kept \
or pending), message, hint, cancelled {KIND: number}.

Examples:
  baton cancel last
  baton cancel last/3
  baton cancel last/3 last/5")]
pub struct CancelArgs {
    /// The runs and tasks.
    #[arg(value_name = "RUN|TASK", required = true)]
    pub ids: Vec<String>,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}

/// `baton send`.
#[derive(Debug, Args)]
#[command(after_help = "\
An agent reads its messages before its next step; an urgent one interrupts the step under way. \
Where a program performs it: when its turn ends, if it keeps a session, else with its next attempt. A \
message to a phase reaches every agent of it that has not ended. A message to a run goes to its \
workflow, which must listen. A message to a run that has ended starts a follow-up: a new run that \
knows the result.

With --json, one object: run, task, phase, order, outcome (obeyed, refused, kept or pending), \
message, hint; of a follow-up what `baton run --json` prints.

Examples:
  baton send last/3 'leave the tests alone'
  baton send last/3 --urgent 'stop: that file is generated'
  baton send last@Review - < guidance.txt
  baton send last @answer.md")]
pub struct SendArgs {
    /// The agent, phase or run.
    #[arg(value_name = "RUN|TASK|RUN@PHASE")]
    pub to: String,
    /// What is said: the text itself, @FILE, or - for standard input. At most 64 KiB.
    #[arg(value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    pub text: String,
    /// Interrupt what the agent is doing.
    #[arg(long)]
    pub urgent: bool,
    /// How a follow-up is started.
    #[command(flatten)]
    pub follow: FollowArgs,
}

/// `baton approve`.
#[derive(Debug, Args)]
#[command(after_help = "\
GATE is a task, such as run_01JQ4Z…/3. A run alone, or `last`, is its only open gate; where it \
has several they are listed. The answer is checked before it is sent. `baton ls --waiting` lists \
what is asked.

With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message, \
hint; with --resume what `baton resume --json` prints.

Examples:
  baton approve last
  baton approve last/3 --choice staging --note 'after lunch'
  baton approve 01JQ4Z/3 --data '{\"version\":\"1.2.0\"}' --resume
  baton approve last/3 --data @answer.json")]
pub struct ApproveArgs {
    /// The gate.
    #[arg(value_name = "GATE")]
    pub gate: String,
    /// One of the gate's choices.
    #[arg(long, value_name = "CHOICE")]
    pub choice: Option<String>,
    /// Data that fits the gate's schema: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub data: Option<String>,
    /// What the workflow is told in words.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Go on with the run right here, if nobody else does.
    #[arg(long)]
    pub resume: bool,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// `baton reject`.
#[derive(Debug, Args)]
#[command(after_help = "\
The workflow is told no, and decides what follows. GATE is named as for `baton approve`.

With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message, \
hint; with --resume what `baton resume --json` prints.

Examples:
  baton reject last
  baton reject last/3 --note 'not on a Friday'")]
pub struct RejectArgs {
    /// The gate.
    #[arg(value_name = "GATE")]
    pub gate: String,
    /// What the workflow is told in words.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Go on with the run right here, if nobody else does.
    #[arg(long)]
    pub resume: bool,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// `baton restart`.
#[derive(Debug, Args)]
#[command(after_help = "\
The task is stopped and begins anew, with nothing of its conversation but the messages to it, of \
which the note is one. What it consumed stays consumed. A task that has answered is not restarted: \
`baton retry` forks its run.

With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message, \
hint.

Examples:
  baton restart last/3
  baton restart last/3 --note 'the file is src/lib.rs, not lib/src.rs'")]
pub struct RestartArgs {
    /// The agent.
    #[arg(value_name = "TASK")]
    pub task: String,
    /// What the agent is told when it begins again.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton attach`.
#[derive(Debug, Args)]
#[command(after_help = "\
Shows the progress of a run that another process drives, and its result as `baton run` would, with \
the same exit code. Ctrl-C only ends the looking: the run goes on.

With --json, what `baton run --json` prints.

Examples:
  baton run docs-audit --root . --yes --detach
  baton attach last
  baton attach last --json | jq .output")]
pub struct AttachArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
}
