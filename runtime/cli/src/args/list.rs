//! Arguments of the commands that list runs, tasks and records.

use clap::Args;

/// `baton ls`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json, one object per run and line: run, name, state, paused, pause {reason: cap, \
provider, person, gate, message or interrupted, …}, owned, created, updated, program, records, \
tasks, failed_tasks, usage, failure {code, message}, batch {id, line}. A run that is `running` \
while `owned` is false was interrupted: `baton resume` goes on with it.

With --waiting --json, one object per question: kind (gate or message), gate, run, name, owned, \
label, phase, question, details, choices, schema, since, deadline, default, answer (a command), \
answered (by whom, where that is not delivered yet).

Examples:
  baton ls
  baton ls --waiting
  baton ls --state running,paused
  baton ls --json | jq -r 'select(.state == \"failed\") | .run'")]
pub struct LsArgs {
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
    /// What people are asked, instead of runs.
    #[arg(long, conflicts_with = "state")]
    pub waiting: bool,
    /// Only runs in these states: queued, running, waiting, paused, done, failed, cancelled.
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub state: Vec<String>,
    /// Only the runs of this batch.
    #[arg(long, value_name = "BATCH")]
    pub batch: Option<String>,
    /// At most so many; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u64,
}

/// `baton tree`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json, one object per task and line: task, kind, label, phase, backend, state, attempts, \
spawned, started, ended, usage, failure {code, message}; of a run with --reuse also reused_from, \
or not_reused {code, message}.

Examples:
  baton tree last
  baton tree last --json | jq -r 'select(.state == \"failed\") | .task'")]
pub struct TreeArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}

/// `baton journal`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json, one object per record and line: run, seq, at, kind, body.

Examples:
  baton journal last
  baton journal last --follow
  baton journal last --json | jq 'select(.kind == \"completed\")'
  baton journal --verify")]
pub struct JournalArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN", required_unless_present = "verify")]
    pub run: Option<String>,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
    /// Wait for further records until the run ends.
    #[arg(long, short, requires = "run")]
    pub follow: bool,
    /// Check every record and blob of every run for damage.
    #[arg(long, conflicts_with_all = ["run", "follow"])]
    pub verify: bool,
}
