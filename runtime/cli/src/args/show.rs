//! Arguments of `baton show`.

use clap::{Args, ValueEnum};

/// `baton show`.
#[derive(Debug, Args)]
#[command(after_help = "\
RUN is a whole id, the beginning or end of one, or `last`. A task is RUN/3/1.

Of a task done by a model the whole conversation is shown: what it was told, what it answered, \
the tools it called, what each call consumed (`~` marks estimates). Of other agents, what was \
recorded.

With --json, one object. Of a run: what `baton ls --json` prints, and input, root, scope, tools, \
caps, programs (by those that they take the place of, where a resume named some), forecast (as of \
`baton plan`, where one was shown before the run), script, totals {metered, estimated, claimed, \
failed_attempts, phases, models, ladder}, result. Of a task: what `baton tree --json` prints, and \
work, denials, result.

With --transcript jsonl, one object per line, each with task, at, attempt, type: task, attempt, \
call, system, message {role: user, assistant or thinking}, tool-call, tool-result, usage, \
tool-task, tool-task-ended, denied, report, attempt-failed, deferred, passed, ended.

Examples:
  baton show last
  baton show last/3
  baton show last/3 --full | less -R
  baton show -f last/3
  baton show -f last
  baton show last/3 --json | jq .result
  baton show last --transcript jsonl | jq -c 'select(.type == \"tool-call\")'
  baton show last/3 --transcript md > transcript.md")]
pub struct ShowArgs {
    /// The run or task.
    #[arg(value_name = "RUN|TASK")]
    pub id: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Show what is said and done from the beginning, and wait for more until the task or run ends.
    #[arg(long, short, conflicts_with = "json")]
    pub follow: bool,
    /// Cut no text.
    #[arg(long, conflicts_with_all = ["json", "transcript"])]
    pub full: bool,
    /// Print what was said and done, and nothing else. Markdown is written of one task.
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "json")]
    pub transcript: Option<TranscriptFormat>,
}

/// How a transcript is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TranscriptFormat {
    /// JSON Lines, for programs.
    Jsonl,
    /// Markdown, for people.
    Md,
}
