//! Arguments of the command that writes a page.

use std::path::PathBuf;

use clap::Args;

/// `baton report`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
One HTML file with the tree, timeline, cost, findings, transcripts and messages of a run. It loads \
nothing, runs no script, and can be sent to others and printed. Without -o it is written to \
baton-RUN.html.

Examples:
  baton report last
  baton report last --open
  baton report 01JQ4Z -o review.html
  baton report last -o - | less")]
pub struct ReportArgs {
    /// The run: a whole id, the beginning or end of one, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The file to write, or - for standard output. A file that is there is replaced.
    #[arg(long, short, value_name = "FILE|-")]
    pub output: Option<PathBuf>,
    /// Show it in the browser.
    #[arg(long)]
    pub open: bool,
}
