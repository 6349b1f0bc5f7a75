//! Arguments about the run that answers a message to a finished one.

use clap::Args;

use super::{CapArgs, ConsentArgs, PolicyArgs, ResultArgs};
use crate::value::{self, AgentArg};

/// How a message to a finished run is answered: by a new run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "To a finished run")]
pub struct FollowArgs {
    /// Who answers; else who performed most of the finished run. As in `baton run`.
    #[arg(long = "agent", value_name = "[TYPE=]BACKEND", value_parser = value::agent)]
    pub agents: Vec<AgentArg>,
    /// Whether it starts without a question.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// How to show the result.
    #[command(flatten)]
    pub result: ResultArgs,
    /// What is granted and denied.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// What it may consume.
    #[command(flatten)]
    pub caps: CapArgs,
}
