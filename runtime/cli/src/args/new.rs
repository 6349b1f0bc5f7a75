//! Arguments of `baton new`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// `baton new`.
#[derive(Debug, Args)]
#[command(after_help = "\
A script goes into the nearest .baton/workflows of the project, or a new one at the top of the \
repository, with the types for editors beside it. A component becomes a folder of its name: a Rust \
package with a test, recorded cases, and the sources of the SDK in .baton-sdk, so that plain cargo \
builds it. Nothing is ever overwritten.

Examples:
  baton new --script review
  baton new --script review --dir ./scripts
  baton new --tool count
  baton new --workflow notes --dir ./components")]
#[command(group = ArgGroup::new("what").required(true).args(["script", "tool", "workflow", "agent"]))]
pub struct NewArgs {
    /// Name of a new script: lower case letters, digits and `-`.
    #[arg(long, value_name = "NAME")]
    pub script: Option<String>,
    /// Name of a new component of tools.
    #[arg(long, value_name = "NAME")]
    pub tool: Option<String>,
    /// Name of a new workflow component.
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// Name of a new agent component.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The directory to write into.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Use the SDK in this folder (`guest-sdk` of Baton's sources) in place of a copy of its own.
    #[arg(long, value_name = "DIR", conflicts_with = "script")]
    pub sdk: Option<PathBuf>,
}
