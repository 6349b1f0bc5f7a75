//! Arguments about moving runs, keeping programs, and tidying up.

use std::path::PathBuf;

use clap::Args;

use crate::value;

/// `baton export`.
#[derive(Debug, Args)]
#[command(after_help = "\
One file with all records of the run and every blob they name: program, inputs, file contents \
that were read, conversations, artifacts. It holds no keys and no secrets, but all that the run \
saw and said. A run that has not ended is exported as far as it has come; it can go on where it \
is imported.

With --json, one object: run, file, state, records, blobs, bytes.

Examples:
  baton export last
  baton export 01JQ4Z -o audit.baton
  baton export last -o - | ssh other 'cd project && baton import - --root .'")]
pub struct ExportArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The file to write, or - for standard output; else RUN.baton here.
    #[arg(long, short, value_name = "FILE|-")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything in the file is checked before the run appears: digests, order, sizes. Nothing is \
unpacked to disk. You did not start an imported run: where it reads files, or uses models, tools or \
programs, `baton resume` goes on only with --yes. `baton import` itself needs --yes where the file \
raised limits for its own texts or tasks.

What it was granted lies elsewhere on this machine: --root says where. Its batch, its processes \
and your earlier consent to it do not come along.

With --json, one object: run, state, records, blobs, root, result (imported, known).

Examples:
  baton import audit.baton --root .
  baton import - < audit.baton
  baton import audit.baton --as-new --json | jq -r .run")]
pub struct ImportArgs {
    /// A file that `baton export` wrote, or - for standard input.
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// The directory here that stands for the one the run was granted there.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Give it a new id, so that it can stand beside the run it is a copy of.
    #[arg(long)]
    pub as_new: bool,
    /// Import it also where its texts or tasks are more than usual, as limits that it names let them be.
    #[arg(long, short)]
    pub yes: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton gc`.
#[derive(Debug, Args)]
#[command(after_help = "\
Removes runs that have ended and are more than settings or flags keep, then every blob that \
nothing names any more, and what removed runs left behind: logs, unchanged worktrees, compiled \
components that were not used for 30 days, temporary folders of killed processes. Runs that have \
not ended are never removed, nor the runs they reuse or follow, nor a part of a batch. Other \
processes may go on meanwhile.

While a run is damaged no blob goes: nobody knows which ones it needs. --damaged RUN removes it, \
whether it has ended or not, if a record of it or a blob that it needs is damaged or missing; a \
line of a batch begins anew then.

Without a rule no run is removed. Settings, in config.toml or baton.toml:
  [retention]
  max_age = \"30d\"      # since it ended
  max_runs = 200        # that have ended; the latest stay
  max_bytes = \"5GB\"     # records and blobs of the whole journal

With --json, one object: dry_run, removed [{run, name, ended, reason}], kept [{run, reason}], \
batches, blobs, blob_bytes, bytes {before, after}, file {before, after, free}, logs, worktrees, \
cache and temporary {files, bytes}.

Examples:
  baton gc --dry-run
  baton gc --older-than 30d --keep 50
  baton gc --max-size 2GB --json | jq .bytes")]
pub struct GcArgs {
    /// Only say what would go.
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Runs that ended longer ago than this go.
    #[arg(long, value_name = "SPAN", value_parser = value::duration_ms)]
    pub older_than: Option<u64>,
    /// So many runs that have ended stay, the latest.
    #[arg(long, value_name = "N")]
    pub keep: Option<u64>,
    /// The oldest runs go until records and blobs have at most this size.
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub max_size: Option<u64>,
    /// This run goes because it is damaged, whether it has ended or not; may be given more than once.
    #[arg(long, value_name = "RUN")]
    pub damaged: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `baton save`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keeps what the run was made of, as it was when the run began, whatever its files say now. What \
needs further files beside it gets them: workflows it runs, agent components, tools, agent \
definitions. It is saved only if it then is the same program when it is run by its name.

With --json, one object: name, program, files [{path, state}].

Examples:
  baton save last --as nightly-audit
  baton save 01JQ4Z --as review --user")]
pub struct SaveArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The name it is run by.
    #[arg(long = "as", value_name = "NAME")]
    pub name: String,
    /// Keep it for you, in every project, instead of in this one.
    #[arg(long)]
    pub user: bool,
    /// Replace files that differ.
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
