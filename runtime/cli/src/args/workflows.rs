//! Arguments about workflows: which there are, what they are, and how scripts are interpreted.

use std::path::PathBuf;

use baton_core::spec::SCHEMA_ATTEMPTS_MAX;
use clap::Args;

use super::PolicyArgs;
use crate::value::{self, AgentArg};

/// How the scripts of a run are interpreted.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Scripts")]
pub struct ScriptArgs {
    /// Output tokens that the workflow may spend, such as 500k; a script sees it as `budget`.
    #[arg(long, value_name = "N", value_parser = value::tokens)]
    pub budget: Option<u64>,
    /// `Date.now()`, `new Date()` and `Math.random()` give virtual values instead of an error.
    #[arg(long)]
    pub lenient: bool,
    /// Scripts get the global `baton`: what only Baton has.
    #[arg(long)]
    pub extensions: bool,
    /// Attempts of an agent at a schema, 1 to 5; else MAX_STRUCTURED_OUTPUT_RETRIES, else 5.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(SCHEMA_ATTEMPTS_MAX)))]
    pub schema_attempts: Option<u32>,
}

/// `baton list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Workflows are looked for, the first of a name wins, in
  .baton/workflows and .claude/workflows of this directory and of those above it up to the top of
  the repository; in ~/.config/baton/workflows and ~/.claude/workflows; and among the built-in ones.
Scripts are read inside the sandbox; nothing is executed.

Tools are looked for, the first of a name wins, where [plugins.NAME] of baton.toml or of your \
config.toml says, in .baton/tools of these directories, in ~/.config/baton/tools, and among the \
built-in ones; a workflow also finds those that lie beside it. Servers are those of [mcp.NAME].

With --json, one object per entry and line: type (workflow or agent-type), name, kind (script, \
component, built-in), state (ready, shadowed, clash, invalid, skipped), reason, description, \
when_to_use, phases, place (project, user, built-in), path; of an agent type also notes. With \
--tools: type (tool or server), name, description, path, requests, input, output; command or url.

Examples:
  baton list
  baton list --agents
  baton list --tools
  baton list --json | jq -r 'select(.state == \"invalid\") | .path'")]
pub struct ListArgs {
    /// Only the agent types.
    #[arg(long)]
    pub agents: bool,
    /// Only the tools that workflows may call.
    #[arg(long, conflicts_with = "agents")]
    pub tools: bool,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}

/// `baton check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is executed; a script is read inside the sandbox. Exit code 3 if baton would refuse it, \
1 if --portable finds what only Baton has. What would be granted follows from baton.toml, your \
config.toml and --grant; where you always allowed an earlier state of the workflow, it says what \
changed since.

With --json, one object. Of a component: file, digest, size, world, imports, exports, manifest, \
accepted, refusals. Of a script: file, digest, size, kind, accepted, meta, errors, warnings, \
agents, workflows and agent_types (each with found), extensions, portability. Of a finding: \
code, message, line, column, hint, frame. Of a workflow also authority: workflow and providers \
with requests, each with capability, asked, verdict (granted, partly, refused), by, hint; \
agents, where one can be a model or a coding agent: all, by_type, default, models, endpoints, \
guidance, workers, notes; caps; and always: each with root, at, holds, changed.

Examples:
  baton check ./flow.wasm
  baton check ./flow.js
  baton check ./flow.js --portable
  baton check ./flow.wasm --root . --grant 'write=out/**'
  baton check ./flow.js --root . --agent anthropic
  baton check docs-audit --json | jq .manifest")]
pub struct CheckArgs {
    /// A script or component: a file, or a name that `baton list` shows.
    #[arg(value_name = "WORKFLOW")]
    pub file: String,
    /// List every use of what only Baton has, and of what other runtimes may lack.
    #[arg(long)]
    pub portable: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Directory that would be granted.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Who would perform agent tasks, as of `baton run`.
    #[arg(long = "agent", value_name = "[TYPE=]BACKEND", value_parser = value::agent)]
    pub agents: Vec<AgentArg>,
    /// What would be granted and denied.
    #[command(flatten)]
    pub policy: PolicyArgs,
}
