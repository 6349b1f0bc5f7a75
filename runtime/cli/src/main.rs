//! The command `baton`: parse, do one command, turn its result into an exit code.

mod args;
mod authority;
mod batch;
mod codes;
mod commands;
mod consent;
mod control;
mod detach;
mod driving;
mod error;
mod failure;
mod follow;
mod forecast;
mod gates;
mod home;
mod input;
mod list;
mod live;
mod notify;
mod output;
mod pause;
mod portable;
mod program;
mod project;
mod prompt;
mod receipts;
mod records;
mod render;
mod report;
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
mod watch;
mod why;

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
        Command::Plan(args) => commands::plan::run(args, &common),
        Command::List(args) => commands::list::run(args, &common),
        Command::New(args) => commands::new::run(args),
        Command::Ls(args) => commands::ls::run(args, &common),
        Command::Show(args) => commands::show::run(args, &common),
        Command::Tree(args) => commands::tree::run(args, &common),
        Command::Watch(args) => commands::watch::run(args, &common),
        Command::Journal(args) => commands::journal::run(args, &common),
        Command::Resume(args) => commands::resume::run(args, &common),
        Command::Attach(args) => commands::attach::run(args, &common),
        Command::Pause(args) => commands::pause::run(args, &common),
        Command::Cancel(args) => commands::cancel::run(args, &common),
        Command::Send(args) => commands::send::run(args, &common),
        Command::Approve(args) => commands::approve::run(args, &common),
        Command::Reject(args) => commands::reject::run(args, &common),
        Command::Restart(args) => commands::restart::run(args, &common),
        Command::Fork(args) => commands::fork::run(args, &common),
        Command::Retry(args) => commands::retry::run(args, &common),
        Command::Diff(args) => commands::diff::run(args, &common),
        Command::Replay(args) => commands::replay::run(args, &common),
        Command::Apply(args) => commands::apply::run(args, &common),
        Command::Check(args) => commands::check::run(args, &common),
        Command::Metrics(args) => commands::metrics::run(args, &common),
        Command::Models(args) => commands::models::run(args),
        Command::Test(args) => commands::test::run(args, &common),
        Command::Manifest(args) => commands::manifest::run(args),
        Command::Receipts(args) => commands::receipts::run(args),
        Command::Export(args) => commands::export::run(args, &common),
        Command::Import(args) => commands::import::run(args, &common),
        Command::Save(args) => commands::save::run(args, &common),
        Command::Gc(args) => commands::gc::run(args, &common),
        Command::Doctor(args) => commands::doctor::run(args, &common),
        Command::Why(args) => commands::why::run(args, &common),
        Command::Report(args) => commands::report::run(args, &common),
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
