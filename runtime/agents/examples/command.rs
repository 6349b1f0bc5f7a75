//! Performs one task by a command and prints its output: `command 'PROGRAM [ARGUMENT]…' PROMPT`.
//!
//! The supervisor is the example of that name, in the same folder as this one.

#![expect(clippy::print_stdout, reason = "the output is what it is for")]

use std::process::ExitCode;

use baton_agents::{CommandBackend, Job, JobContext, Supervisor, work};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::spec::AgentSpec;
use tokio::sync::{mpsc, watch};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(command), Some(prompt)) = (words.next(), words.next()) else {
        eprintln!("usage: command 'PROGRAM [ARGUMENT]…' PROMPT");
        return ExitCode::from(2);
    };
    let Ok(program) = std::env::current_exe().map(|own| own.with_file_name("supervise")) else {
        return ExitCode::FAILURE;
    };
    let backend = match CommandBackend::new(&command, Supervisor { program, args: Vec::new() }) {
        Ok(backend) => backend,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let task = TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) };
    let job = Job::new(task, AgentSpec { prompt, ..AgentSpec::default() });
    let (_keep, cancelled) = watch::channel(false);
    let (notices, _) = mpsc::unbounded_channel();
    match work(&backend, job, &JobContext::alone(cancelled, notices)).await.result {
        Ok(handoff) => {
            println!("{}", handoff.output);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
