//! Arguments about manifests.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `baton manifest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Components that the Rust SDK builds have their manifest already. Those of other languages get it \
as their last step: `add` puts a file of JSON into the section `baton:manifest`, and writes \
nothing if baton would refuse the result.

Examples:
  baton manifest add table.wasm manifest.json -o .baton/tools/table.wasm
  baton check .baton/tools/table.wasm")]
pub struct ManifestArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ManifestCommand,
}

/// What can be done with a manifest.
#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// Put a manifest into a component that has none.
    Add(AddArgs),
}

/// `baton manifest add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub component: PathBuf,
    /// The manifest, as JSON.
    #[arg(value_name = "MANIFEST.json")]
    pub manifest: PathBuf,
    /// Where to write the component with its manifest; it may be FILE.wasm itself.
    #[arg(long, short, value_name = "OUT.wasm")]
    pub output: PathBuf,
}
