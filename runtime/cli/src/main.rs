//! The command `baton`: parse, do one command, turn its result into an exit code.

mod args;
mod authority;
mod batch;
mod codes;
mod commands;
mod consent;
mod error;
mod failure;
mod home;
mod input;
mod live;
mod output;
mod pause;
mod program;
mod project;
mod receipts;
mod records;
mod render;
mod result;
mod reuse;
mod select;
mod servers;
mod session;
mod shapes;
mod spend;
mod started;
mod telemetry;
mod text;
mod totals;
mod transcript;
mod value;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// The sub-command that Baton starts itself. It reads its own arguments, and must do so before any
/// thread is started.
const SUPERVISE: &str = "supervise";

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == SUPERVISE) {
        return baton_agents::supervise::main();
    }
    let Cli { command, common } = Cli::parse();
    let result = match &command {
        Command::Run(args) => commands::run::run(args, &common),
        Command::List(args) => commands::list::run(args, &common),
        Command::New(args) => commands::new::run(args),
        Command::Ls(args) => commands::ls::run(args, &common),
        Command::Show(args) => commands::show::run(args, &common),
        Command::Tree(args) => commands::tree::run(args, &common),
        Command::Journal(args) => commands::journal::run(args, &common),
        Command::Resume(args) => commands::resume::run(args, &common),
        Command::Cancel(args) => commands::cancel::run(args, &common),
        Command::Apply(args) => commands::apply::run(args, &common),
        Command::Check(args) => commands::check::run(args, &common),
        Command::Metrics(args) => commands::metrics::run(args, &common),
        Command::Models(args) => commands::models::run(args),
        Command::Test(args) => commands::test::run(args, &common),
        Command::Manifest(args) => commands::manifest::run(args),
        Command::Receipts(args) => commands::receipts::run(args),
        Command::Doctor(args) => commands::doctor::run(args, &common),
        Command::Explain(args) => commands::explain::run(args),
        Command::Completions(args) => commands::completions::run(args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::tell(&error);
            error.exit().into()
        }
    }
}
