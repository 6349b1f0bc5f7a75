//! Arguments of `baton test`.

use std::path::PathBuf;

use clap::Args;

/// `baton test`.
#[derive(Debug, Args)]
#[command(after_help = "\
A case is a JSON object; a file of cases holds one or a list of them:
  name       what it is about
  input      what the tool, workflow or agent is given
  tool       of a component with several tools: which of them
  prompt     of an agent: what to do; schema: JSON Schema of its output
  agents     of a workflow: answers of its agents, each {prompt, output} or {prompt, error: WORDS}; the first
             whose prompt is part of what is asked. Without any, agents answer what they are asked
  files      files of the granted directory: a folder beside the cases, or {path: text}
  expect     {output} or {error: CODE}; and {files: {path: text, or null for none}} afterwards

Cases are looked for in NAME.cases.json and in the folder `cases` beside the file, then below the \
working directory. A case works in a copy of its files and touches nothing else: no requests, no \
commands, no variables, no secrets. baton.toml is not read and nothing is journaled. A case that \
takes longer than two minutes fails.

With --json, one object: file, world, passed, failed, cases; of each case name, file, passed, \
differences (each path, expected, got), got, denied.

Exit code 1 if a case fails.

Examples:
  baton test ./target/wasm32-wasip2/release/count.wasm
  baton test ./flow.js --case 'one topic'
  baton test ./flow.wasm --update       write what came as what is expected")]
pub struct TestArgs {
    /// A component or script: a file, or a name that `baton list` shows.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Only the case of this name. May be repeated.
    #[arg(long = "case", value_name = "NAME")]
    pub names: Vec<String>,
    /// The file or folder of the cases.
    #[arg(long, value_name = "PATH")]
    pub cases: Option<PathBuf>,
    /// Write what came as what is expected.
    #[arg(long)]
    pub update: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Answer the agent task on standard input from this file. Baton starts itself so.
    #[arg(long, value_name = "FILE", hide = true)]
    pub answer: Option<PathBuf>,
}
