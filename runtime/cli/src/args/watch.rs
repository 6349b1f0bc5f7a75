//! Arguments of `baton watch`.

use clap::Args;

/// `baton watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
The tree of phases and tasks with what each does and costs, and the details of the selected one: \
prompt, transcript, tools, files, handoff, messages. Reads the journal, also of runs of other \
processes; to leave it never touches a run. Keys that act on a run ask first; `?` lists them.

Needs a terminal; works over ssh, from 80 columns and 24 rows on, and without colours (NO_COLOR).

Examples:
  baton watch
  baton watch last
  baton watch 01JQ4Z 01JQ5A")]
pub struct WatchArgs {
    /// The runs: whole ids, beginnings or ends of them, or `last`. None: all that have not ended,
    /// or else the newest.
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
}
