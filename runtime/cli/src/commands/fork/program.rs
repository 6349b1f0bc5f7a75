//! Another program for a fork, with what it is granted.

use std::sync::Arc;

use baton_core::json::Json;
use baton_core::record::RunStarted;
use baton_engine::NewRun;
use baton_host::Host;
use clap::Parser as _;

use crate::args::{Cli, Command, ForkArgs, RunArgs};
use crate::codes::Code;
use crate::commands::run::{Prepared, Wish};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::value::AgentArg;
use crate::{servers, session};

/// A program, asked about and granted.
pub struct Other {
    /// As the person named it.
    pub named: String,
    /// It, with what it may touch and who performs its agents.
    pub new: NewRun,
    /// The sandbox, if it was set up on the way.
    pub host: Option<Arc<Host>>,
}

/// Gathers another program as `baton run` does, and asks the person as that does.
///
/// # Errors
/// When a part is missing or refused, or the person declines.
pub fn prepare(
    workflow: &str,
    args: &ForkArgs,
    started: &RunStarted,
    home: &Home,
) -> Result<Other> {
    let run = run_args(workflow, args, started)?;
    let mut prepared = Prepared::new(&run, home)?;
    // Trying it starts nothing, unless servers have to be asked for their tools.
    let starts = !args.begin.dry_run || !prepared.authority.effective.tools.servers.is_empty();
    prepared.consent(if starts { Wish::of(&run) } else { Wish::Yes }, 1)?;
    let host = prepared.host.take();
    session::block_on(async {
        servers::ask(&mut prepared).await?;
        let named = workflow.to_owned();
        Ok(Other { named, new: prepared.new_run(Json::null(), None, None), host })
    })
}

/// The arguments of a run of the program with the directory of the other run, and performed by whom
/// that was performed.
fn run_args(workflow: &str, args: &ForkArgs, started: &RunStarted) -> Result<RunArgs> {
    let words = ["baton", "run", "--", workflow];
    let parsed = Cli::try_parse_from(words).map(|cli| cli.command);
    let Ok(Command::Run(mut run)) = parsed else {
        return Err(CliError::new(Code::NoWorkflow, format!("there is no workflow `{workflow}`")));
    };
    run.root = started.root.as_ref().map(Into::into);
    run.base.clone_from(&started.base);
    run.policy = args.policy.clone();
    run.consent.yes = args.begin.yes;
    run.agents = if args.agents.is_empty() { performers(started) } else { args.agents.clone() };
    run.script.extensions = args.extensions;
    if let Some(script) = &started.script {
        run.script.lenient = script.lenient;
        run.script.extensions |= script.extensions;
        run.script.schema_attempts = Some(script.schema_attempts);
    }
    Ok(*run)
}

/// Who performed the agents, as the flags of `baton run` say it.
fn performers(started: &RunStarted) -> Vec<AgentArg> {
    let chosen = &started.backends;
    let all = chosen.all.iter().map(|backend| (None, backend));
    let by_type = chosen.by_type.iter().map(|(name, backend)| (Some(name.clone()), backend));
    all.chain(by_type)
        .map(|(agent_type, backend)| AgentArg { agent_type, backend: backend.clone() })
        .collect()
}
