//! Arguments of `run`.

use std::path::PathBuf;

use clap::Args;

use super::{CapArgs, ConsentArgs, ForecastArgs, PolicyArgs, ResultArgs, ScriptArgs, WaitArgs};
use crate::value::{self, AgentArg};

/// `baton run`.
#[derive(Debug, Args)]
#[command(after_help = "\
The result alone goes to standard output, progress to standard error.

With --json, one object: run, state, output, summary, evidence, artifacts, follow_ups, usage, \
reused, failed_tasks; and, where there is something to say, line (of a batch), forked_from, \
forecast, degraded, pause, error {code, message, …}.

Backends:
  PROVIDER:MODEL        a model: anthropic:, openai:, openai-chat:, gemini:, ollama:, or of settings
  PROVIDER              any model of it, as tasks say; else its medium one
  small, medium, large  tiers of models; settings name further ones
  claude, codex, gemini-cli   coding agents that are installed
  acp:PROGRAM ARGS      any coding agent that speaks the Agent Client Protocol
  component:NAME        an agent built in or beside the workflow, sandboxed
  component:FILE.wasm   an agent component in a file, sandboxed
  command:PROGRAM ARGS  any program; a JSON task on its standard input, JSON on its output
  recorded:DIR          what --record DIR kept of an earlier run; nothing is sent anywhere

Examples:
  baton run docs-audit --root .
  baton run ./flow.js --root . --agent anthropic --max-cost 5
  baton run ./flow.js --agent openai:gpt-5-mini --agent reviewer=large --task-cap cost=0.20
  baton run docs-audit --root docs --yes --json | jq .output
  baton run ./flow.js --args 'the login page' --agent 'command:./worker.sh' --root .
  baton run ./flow.wasm --input '{\"topic\":\"limits\"}' --max-agents 50 --timeout 10m
  baton run ./flow.wasm --agent reviewer='command:./review.sh --fast'
  baton run ./flow.js --agent 'command:./worker' --reuse last
  baton run ./release.wasm --root . --grant 'write=CHANGELOG.md' --grant 'exec=cargo test **'
  baton run ./report.wasm --grant 'http=GET https://api.example.org' --deny 'tools=git-write/*'
  baton run docs-audit --root . --yes --detach
  baton run ./flow.wasm --each inputs.jsonl --yes > results.jsonl")]
pub struct RunArgs {
    /// A path to a .js, .mjs or .wasm file, or a name that `baton list` shows.
    #[arg(value_name = "WORKFLOW")]
    pub workflow: String,
    /// The input: JSON, @FILE, or - for standard input. A script sees it as `args`.
    #[arg(
        long,
        visible_alias = "args-json",
        value_name = "JSON|@FILE|-",
        allow_hyphen_values = true
    )]
    pub input: Option<String>,
    /// The input as a plain string: the text itself, @FILE, or - for standard input.
    #[arg(
        long = "args",
        value_name = "TEXT|@FILE|-",
        allow_hyphen_values = true,
        conflicts_with = "input"
    )]
    pub text: Option<String>,
    /// Directory that the workflow and its agents may read, as far as the workflow asks to.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The commit that agents with a worktree of their own begin with; else what is checked out.
    #[arg(long, value_name = "REV", requires = "root")]
    pub base: Option<String>,
    /// Who performs agent tasks: for all, or for one agent type. May be repeated.
    #[arg(long = "agent", value_name = "[TYPE=]BACKEND", value_parser = value::agent)]
    pub agents: Vec<AgentArg>,
    /// Keep every exchange with a model in this directory, for --agent recorded:DIR.
    #[arg(long, value_name = "DIR", conflicts_with = "each")]
    pub record: Option<PathBuf>,
    /// Do not go on by itself when a provider serves again; `baton resume` does.
    #[arg(long)]
    pub no_continue: bool,
    /// Let it go on in the background, and print its id. `baton attach` follows it.
    #[arg(long, conflicts_with_all = ["format", "wait", "no_wait"])]
    pub detach: bool,
    /// Whether it stays for people.
    #[command(flatten)]
    pub wait: WaitArgs,
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
    /// How scripts are interpreted.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// Agents at work at once, whatever the number of cores; else 16.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Caps")]
    pub concurrency: Option<u32>,
    /// Set a limit of the sandbox, such as workflow.fuel=40G; `baton doctor` lists them.
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = value::limit, help_heading = "Caps")]
    pub limits: Vec<(String, u64)>,
    /// Whether it is told first what the run will come to.
    #[command(flatten)]
    pub forecast: ForecastArgs,
    /// Whose results it may use.
    #[command(flatten)]
    pub reuse: ReuseArgs,
    /// One run for each line of a file of JSON values; one result line each, with its "line".
    #[arg(long, value_name = "INPUTS.jsonl", conflicts_with_all = ["input", "text", "format"], help_heading = "Batches")]
    pub each: Option<PathBuf>,
    /// Runs of a batch that are live at once.
    #[arg(long, value_name = "N", default_value_t = 256, requires = "each",
          value_parser = clap::value_parser!(u32).range(1..), help_heading = "Batches")]
    pub runs: u32,
}

/// Results of an earlier run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reuse")]
pub struct ReuseArgs {
    /// Use the results of this run where the call is the same and the files it rests on are: only
    /// what changed, failed or never ended is done. A run id, the beginning or end of one, or `last`.
    #[arg(long, value_name = "RUN", conflicts_with = "each")]
    pub reuse: Option<String>,
    /// Use results of commands even though files below the root changed since: nobody saw what
    /// they read.
    #[arg(long, requires = "reuse")]
    pub reuse_stale: bool,
    /// Use results of agents that messages steered, although nobody says the same to them now.
    #[arg(long, requires = "reuse")]
    pub reuse_steered: bool,
}
