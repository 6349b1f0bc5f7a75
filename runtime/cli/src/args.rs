//! The command line.

mod authority;
mod caps;
mod control;
mod follow;
mod housekeeping;
mod list;
mod manifest;
mod models;
mod new;
mod output;
mod plan;
mod report;
mod resume;
mod rewind;
mod run;
mod show;
mod test;
mod trees;
mod watch;
mod why;
mod workflows;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

pub use self::authority::{ConsentArgs, PolicyArgs, ReceiptsArgs};
pub use self::caps::CapArgs;
pub use self::control::{
    ApproveArgs, AttachArgs, CancelArgs, PauseArgs, RejectArgs, RestartArgs, SendArgs, WaitArgs,
};
pub use self::follow::FollowArgs;
pub use self::housekeeping::{ExportArgs, GcArgs, ImportArgs, SaveArgs};
pub use self::list::{JournalArgs, LsArgs, TreeArgs};
pub use self::manifest::{AddArgs, ManifestArgs, ManifestCommand};
pub use self::models::ModelsArgs;
pub use self::new::NewArgs;
pub use self::output::{Format, MetricsArgs, ResultArgs};
pub use self::plan::{ForecastArgs, PlanArgs};
pub use self::report::ReportArgs;
pub use self::resume::ResumeArgs;
pub use self::rewind::{BeginArgs, DiffArgs, ForkArgs, ReplayArgs, RetryArgs};
pub use self::run::{ReuseArgs, RunArgs};
pub use self::show::{ShowArgs, TranscriptFormat};
pub use self::test::TestArgs;
pub use self::trees::{ApplyArgs, CleanArg, DoctorArgs};
pub use self::watch::WatchArgs;
pub use self::why::WhyArgs;
pub use self::workflows::{CheckArgs, ListArgs, ScriptArgs};

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
