//! Arguments of `resume`.

use std::path::PathBuf;

use clap::Args;

use super::{CapArgs, ResultArgs, WaitArgs};
use crate::value::{self, AgentArg};

/// `baton resume`.
#[derive(Debug, Args)]
#[command(after_help = "\
Finished work is not done again. A run that has already ended shows its recorded result. The \
components that the run began with are pinned in the journal and are used whatever changed on \
disk. So is what it was granted; where [deny] takes some of that away now, it goes on without, and says \
so. Where you did not start a run that reads files, or uses models, tools or programs, it goes on only \
with --yes.

A run that waits for a provider in another process is made to ask it again now. One that is told \
to pause and has not yet goes on after all. A pause that was asked for while no process drove the \
run is obeyed first; --anyway passes over it.

With --json, what `baton run --json` prints.

Examples:
  baton resume last
  baton resume last --detach
  baton resume 01JQ4Z --max-cost 10
  baton resume last --phase-cap 'Review:cost=2.50'
  baton resume 01JQ4Z --agent 'command:./worker.sh --fast'
  baton resume batch_01JQ4ZK6Y3W8M2V5T7R9XBCDEF > results.jsonl")]
pub struct ResumeArgs {
    /// A run or batch: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN|BATCH")]
    pub id: String,
    /// Only to make sure: refused if the run began with another input.
    #[arg(
        long,
        visible_alias = "args-json",
        value_name = "JSON|@FILE|-",
        allow_hyphen_values = true
    )]
    pub input: Option<String>,
    /// The same as a plain string.
    #[arg(
        long = "args",
        value_name = "TEXT|@FILE|-",
        allow_hyphen_values = true,
        conflicts_with = "input"
    )]
    pub text: Option<String>,
    /// Go on although you did not start it.
    #[arg(long, short)]
    pub yes: bool,
    /// Go on although somebody asked the run to pause while no process drove it.
    #[arg(long)]
    pub anyway: bool,
    /// Where a provider serves nobody for now, leave the run paused instead of waiting.
    #[arg(long)]
    pub no_continue: bool,
    /// Let it go on in the background. `baton attach` follows it.
    #[arg(long, conflicts_with_all = ["format", "wait", "no_wait"])]
    pub detach: bool,
    /// This is the process in the background, with these caps from now on as JSON.
    #[arg(long, hide = true, value_name = "JSON")]
    pub background: Option<String>,
    /// Where the process in the background keeps exchanges with models.
    #[arg(long, hide = true, value_name = "DIR", requires = "background")]
    pub record: Option<PathBuf>,
    /// Whether it stays for people.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Go on with this component. If it does not repeat what is recorded, the run stops unharmed.
    #[arg(long, value_name = "FILE")]
    pub workflow: Option<PathBuf>,
    /// Another program for its agents, where theirs lies elsewhere here: for all, or for those of one
    /// type; command: in place of command:, acp: in place of acp:. It stays with the run. May be repeated.
    #[arg(long = "agent", value_name = "[TYPE=]PROGRAM", value_parser = value::agent)]
    pub agents: Vec<AgentArg>,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
    /// Runs of a batch that are live at once.
    #[arg(long, value_name = "N", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Caps from now on; those not given stay.
    #[command(flatten)]
    pub caps: CapArgs,
}
