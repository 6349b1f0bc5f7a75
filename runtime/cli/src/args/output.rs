//! Arguments about what is printed, and how.

use clap::{Args, ValueEnum};

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
    /// Print one JSON object.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How to write the workflow's output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Exit with 6 where tasks failed although the workflow is done.
    #[arg(long)]
    pub strict: bool,
}
