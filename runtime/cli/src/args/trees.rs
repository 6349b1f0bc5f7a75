//! Arguments about what isolated agents changed.

use clap::{Args, ValueEnum};

/// `baton apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
An agent with `isolation: 'worktree'` changes files in a copy of its own. This merges what a \
task changed into the directory that its run was granted: into the files, not into the index or \
a branch. What you changed there stays; where both changed the same lines nothing at all is \
written, and the places are told. Applied changes take their worktree and branch with them.

With --json, one object per task and line: task, state (applied, already-applied, fits, \
conflicts, no-changes), files [{kind, path, from}], conflicts [{path, kind, message, hunks \
[{line, lines, yours, patch}]}], worktree {path, branch, removed, reason}.

Examples:
  baton apply last/3 --check
  baton apply last/3
  baton apply --all last
  baton apply --all 01JQ4Z --json | jq -r 'select(.state == \"conflicts\") | .task'")]
pub struct ApplyArgs {
    /// The task, such as last/3.
    #[arg(value_name = "TASK", required_unless_present = "all")]
    pub task: Option<String>,
    /// All tasks of this run that changed something, in the order of the tree. Those that do not fit
    /// are told and left out.
    #[arg(long, value_name = "RUN", conflicts_with = "task")]
    pub all: Option<String>,
    /// Only say whether it fits; write nothing.
    #[arg(long)]
    pub check: bool,
    /// Every change must fit as it is: do not merge with what changed since the run began.
    #[arg(long)]
    pub no_3way: bool,
    /// Merge with what changed since the run began. This is what happens anyway.
    #[arg(long = "3way", conflicts_with = "no_3way")]
    pub three_way: bool,
    /// Also change files that tell other programs what to do, such as those of .claude and .github,
    /// and apply what a run made that was not started by you.
    #[arg(long)]
    pub yes: bool,
    /// Keep the worktree and its branch.
    #[arg(long)]
    pub keep: bool,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}

/// Which worktrees are taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CleanArg {
    /// Those in which nothing is changed.
    Unchanged,
    /// Also those with changes, after these are saved as patches.
    All,
}

/// `baton doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Worktrees of isolated agents are listed with their run and task, whether anything is changed in \
them, and whether a process is at work there. One of a living process is never touched.

With --json, one object: version, sqlite, maps, disk, cache, temporary, confinement, journal, limits, and \
worktrees [{name, run, task, run_state, live, path, branch, repository, changed, files, commits, \
locks, problem, action, reason, saved}], unfinished [{repository, task}].

--limits lets a guest, an agent or a model go too far for each limit, in a folder of its own and with a \
server on this machine; for the few that none of them can meet it names the test that does. With \
--json: limits [{name, value, holds, seen, test}].

Examples:
  baton doctor
  baton doctor --json | jq .disk
  baton doctor --clean
  baton doctor --clean=all
  baton doctor --limits")]
pub struct DoctorArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Take away worktrees and branches that nobody works in: unchanged ones, or with `all` also
    /// those with changes, which are saved as patches first.
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true,
          default_missing_value = "unchanged")]
    pub clean: Option<CleanArg>,
    /// Prove the limits instead: a guest goes too far in the sandbox for each, in a directory of its
    /// own. With --json: limits [{name, value, holds, seen}]; `holds` is null where no guest here can
    /// meet one.
    #[arg(long, conflicts_with = "clean")]
    pub limits: bool,
}
