//! The command line.

mod authority;
mod caps;
mod control;
mod follow;
mod housekeeping;
mod manifest;
mod models;
mod new;
mod plan;
mod report;
mod rewind;
mod show;
mod test;
mod trees;
mod watch;
mod why;
mod workflows;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::authority::{PolicyArgs, ReceiptsArgs};
pub use self::caps::CapArgs;
pub use self::control::{
    ApproveArgs, AttachArgs, CancelArgs, PauseArgs, RejectArgs, RestartArgs, SendArgs, WaitArgs,
};
pub use self::follow::FollowArgs;
pub use self::housekeeping::{ExportArgs, GcArgs, ImportArgs, SaveArgs};
pub use self::manifest::{AddArgs, ManifestArgs, ManifestCommand};
pub use self::models::ModelsArgs;
pub use self::new::NewArgs;
pub use self::plan::{ForecastArgs, PlanArgs};
pub use self::report::ReportArgs;
pub use self::rewind::{BeginArgs, DiffArgs, ForkArgs, ReplayArgs, RetryArgs};
pub use self::show::{ShowArgs, TranscriptFormat};
pub use self::test::TestArgs;
pub use self::trees::{ApplyArgs, CleanArg, DoctorArgs};
pub use self::watch::WatchArgs;
pub use self::why::WhyArgs;
pub use self::workflows::{CheckArgs, ListArgs, ScriptArgs};
use crate::value::{self, AgentArg};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Run agent workflows as sandboxed WebAssembly components, durably.
///
/// A workflow touches only what it was granted, every step is journaled before it is taken, and a
/// run that was killed goes on where it was.
#[derive(Debug, Parser)]
#[command(
    name = "baton",
    version,
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  baton run docs-audit --root .         audit the Markdown below this directory
  baton list                            workflows that can be run here
  baton ls                              what ran, and what can go on
  baton ls --waiting                    what people are asked
  baton resume last                     go on with the newest run
  baton explain B0006                   what an error means

Exit codes:
  0 done · 1 failed · 2 usage · 3 refused by policy · 4 cap or limit reached
  5 waiting for a person or paused by one · 6 done, but tasks failed (--strict) · 130 interrupted"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where it keeps its state.
    #[command(flatten)]
    pub common: Common,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub home: Option<PathBuf>,
    /// Progress as plain lines, also on a terminal.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub plain: bool,
}

/// One command, one file in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a workflow and show its result.
    Run(Box<RunArgs>),
    /// Say what a run would do and come to, and run nothing.
    Plan(Box<PlanArgs>),
    /// List the workflows that can be run here.
    List(ListArgs),
    /// Write a new script, tool, workflow or agent.
    New(NewArgs),
    /// List runs, newest first.
    Ls(LsArgs),
    /// Show one run or task.
    Show(ShowArgs),
    /// Show the tasks of a run as a tree.
    Tree(TreeArgs),
    /// Watch runs on the whole terminal, and act on them.
    Watch(WatchArgs),
    /// Show the records of a run.
    Journal(JournalArgs),
    /// Go on with a run or batch that stopped.
    Resume(Box<ResumeArgs>),
    /// Follow a run that another process drives, to its end.
    Attach(AttachArgs),
    /// Stop a run for a time.
    Pause(PauseArgs),
    /// Cancel runs, or tasks with what is below them.
    Cancel(CancelArgs),
    /// Tell an agent, a phase or a workflow something.
    Send(Box<SendArgs>),
    /// Say yes to a question that a run asks.
    Approve(ApproveArgs),
    /// Say no to a question that a run asks.
    Reject(RejectArgs),
    /// Let an agent that is at work begin anew.
    Restart(RestartArgs),
    /// Make a run that shares the record of another up to a place.
    Fork(Box<ForkArgs>),
    /// Do a task that has ended once more, in a run of its own.
    Retry(Box<RetryArgs>),
    /// Show in what two runs differ.
    Diff(DiffArgs),
    /// Prove that the record of a run reproduces.
    Replay(ReplayArgs),
    /// Merge what an isolated agent changed into the working tree.
    Apply(ApplyArgs),
    /// Look into a workflow without executing it.
    Check(CheckArgs),
    /// Print numbers about all runs, for Prometheus.
    Metrics(MetricsArgs),
    /// List providers of models, their models and what these cost.
    Models(ModelsArgs),
    /// Perform the recorded cases of a component or script.
    Test(TestArgs),
    /// Work on the manifest of a component.
    Manifest(ManifestArgs),
    /// List what you always allow, or take it back.
    Receipts(ReceiptsArgs),
    /// Write a run to a file, to take it elsewhere.
    Export(ExportArgs),
    /// Bring in a run that was exported.
    Import(ImportArgs),
    /// Keep the program of a run as a workflow that has a name.
    Save(SaveArgs),
    /// Remove old runs, and what nobody needs any more.
    Gc(GcArgs),
    /// Check this machine, the journal and worktrees.
    Doctor(DoctorArgs),
    /// Say why a run or task is as it is, and what it waits for.
    Why(WhyArgs),
    /// Write a page about a run: one HTML file that loads nothing.
    Report(ReportArgs),
    /// Say what an error code means.
    Explain(ExplainArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
}

/// How a result is written to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// As Markdown.
    Md,
    /// The output of the workflow as JSON.
    Json,
}

/// `baton metrics`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
Text of Prometheus, version 0.0.4. Counts every run of the journal anew.

Examples:
  baton metrics > /var/lib/node_exporter/baton.prom
  baton metrics --json")]
pub struct MetricsArgs {
    /// Print one JSON array of {name, labels, value}.
    #[arg(long)]
    pub json: bool,
}

/// How the result of a run is shown.
#[derive(Clone, Copy, Debug, Args)]
pub struct ResultArgs {
    /// Print one JSON object: run, state, output, summary, evidence, artifacts, usage, reused, error.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How to write the workflow's output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Exit with 6 where tasks failed although the workflow is done.
    #[arg(long)]
    pub strict: bool,
}

/// `baton run`.
#[derive(Debug, Args)]
#[command(after_help = "\
The result alone goes to standard output, progress to standard error.

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
    #[arg(long, conflicts_with_all = ["each", "record", "format", "wait", "no_wait"])]
    pub detach: bool,
    /// Whether it stays for people.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Start without asking, with what policy grants and no more.
    #[arg(long, short)]
    pub yes: bool,
    /// Start without asking now and ever after, until the program or what it may touch changes.
    #[arg(long, conflicts_with = "yes")]
    pub always: bool,
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
}

/// `baton ls`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json, one object per run and line: run, name, state, paused, pause {reason: cap, provider, person,
gate, message or interrupted, …}, owned, created, updated, program, records, tasks, failed_tasks, usage, failure {code,
message}, batch {id, line}.
A run that is `running` while `owned` is false was interrupted: `baton resume` goes on with it.

With --waiting --json, one object per question: kind (gate or message), gate, run, name, owned, label,
phase, question, details, choices, schema, since, deadline, default, answer (a command).

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
With --json, one object per task and line: task, kind, label, phase, backend, state, attempts,
spawned, started, ended, usage, failure {code, message}; of a run with --reuse also reused_from, or
not_reused {code, message}.

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

/// `baton resume`.
#[derive(Debug, Args)]
#[command(after_help = "\
Finished work is not done again. A run that has already ended shows its recorded result. The
components that the run began with are pinned in the journal and are used whatever changed on disk.
So is what it was granted. Where [deny] takes some of that away by now, it does not go on; where
you did not start a run that calls tools, it goes on only with --yes.

A run that waits for a provider in another process is made to ask it again now. One that is told to
pause and has not yet goes on after all.

Examples:
  baton resume last
  baton resume last --detach
  baton resume 01JQ4Z --max-cost 10
  baton resume last --phase-cap 'Review:cost=2.50'
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
    /// Where a provider serves nobody for now, leave the run paused instead of waiting.
    #[arg(long)]
    pub no_continue: bool,
    /// Let it go on in the background. `baton attach` follows it.
    #[arg(long, conflicts_with_all = ["format", "wait", "no_wait", "runs"])]
    pub detach: bool,
    /// This is the process in the background, with these caps from now on as JSON.
    #[arg(long, hide = true, value_name = "JSON")]
    pub background: Option<String>,
    /// Whether it stays for people.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Go on with this component. If it does not repeat what is recorded, the run stops unharmed.
    #[arg(long, value_name = "FILE")]
    pub workflow: Option<PathBuf>,
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

/// `baton explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton explain            all codes
  baton explain B0006      one page")]
pub struct ExplainArgs {
    /// The code, such as B0006; none: list them all.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// `baton completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton completions bash > ~/.local/share/bash-completion/completions/baton
  baton completions fish > ~/.config/fish/completions/baton.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_visible_command_has_examples() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  baton "), "{}", command.get_name());
        }
    }

    #[test]
    fn flags_become_values() {
        let cli = Cli::try_parse_from([
            "baton",
            "run",
            "flow",
            "--max-tokens",
            "200k",
            "--max-cost",
            "0.5",
            "--timeout",
            "1m30s",
            "--limit",
            "run.agents=5",
            "--agent",
            "a=component:b",
            "--home",
            "/state",
            "--input",
            "-1",
        ]);
        let cli = cli.unwrap();
        let Command::Run(run) = cli.command else { panic!("not `run`") };
        assert_eq!(run.caps.max_tokens, Some(200_000));
        assert_eq!(run.caps.max_cost, Some(500_000));
        assert_eq!(run.caps.timeout, Some(90_000));
        assert_eq!(run.limits, [("run.agents".to_owned(), 5)]);
        assert_eq!(run.input.as_deref(), Some("-1"));
        assert_eq!(cli.common.home, Some(PathBuf::from("/state")));
    }

    #[test]
    fn contradictions_are_refused() {
        for arguments in [
            &["baton", "run", "f", "--json", "--format", "md"][..],
            &["baton", "run", "f", "--each", "x", "--input", "1"],
            &["baton", "run", "f", "--runs", "5"],
            &["baton", "run", "f", "--concurrency", "0"],
            &["baton", "run", "f", "--reuse", "last", "--each", "x"],
            &["baton", "run", "f", "--reuse-stale"],
            &["baton", "run"],
            &["baton", "journal"],
            &["baton", "journal", "last", "--verify"],
            &["baton", "run", "x", "--args", "a", "--input", "1"],
            &["baton", "run", "x", "--args", "a", "--args-json", "1"],
            &["baton", "run", "x", "--args", "a", "--each", "f"],
            &["baton", "run", "x", "--schema-attempts", "0"],
            &["baton", "run", "x", "--schema-attempts", "6"],
        ] {
            assert!(Cli::try_parse_from(arguments).is_err(), "{arguments:?}");
        }
    }
}
