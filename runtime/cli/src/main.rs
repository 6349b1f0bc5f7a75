//! The command `baton`: parse, do one command, turn its result into an exit code.

mod args;
mod batch;
mod codes;
mod commands;
mod consent;
mod error;
mod home;
mod input;
mod live;
mod output;
mod program;
mod records;
mod render;
mod result;
mod select;
mod session;
mod shapes;
mod text;
mod value;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let Cli { command, common } = Cli::parse();
    let result = match &command {
        Command::Run(args) => commands::run::run(args, &common),
        Command::Ls(args) => commands::ls::run(args, &common),
        Command::Show(args) => commands::show::run(args, &common),
        Command::Tree(args) => commands::tree::run(args, &common),
        Command::Journal(args) => commands::journal::run(args, &common),
        Command::Resume(args) => commands::resume::run(args, &common),
        Command::Cancel(args) => commands::cancel::run(args, &common),
        Command::Check(args) => commands::check::run(args),
        Command::Doctor(args) => commands::doctor::run(args, &common),
        Command::Explain(args) => commands::explain::run(args),
        Command::Completions(args) => commands::completions::run(args),
        Command::Supervise => return baton_agents::supervise::main(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::tell(&error);
            error.exit().into()
        }
    }
}
