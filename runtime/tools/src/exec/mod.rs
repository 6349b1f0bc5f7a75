//! Commands as tools: a program of the operating system and its arguments, without a shell.
//!
//! A command runs under the supervisor, like an agent that is a command, and confined as far as this
//! machine can enforce it (see `baton_agents::confine`): to the granted files, and without network
//! unless some request over HTTP is granted.

mod input;
mod output;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use baton_agents::backend::{Answer, BackendError, JobContext, Notice};
use baton_agents::confine::{
    Barrier, Confinement, Machine, Probe, Task, make_directories, try_probe,
};
use baton_agents::supervise::Ended;
use baton_agents::{Keep, Launch, Remains, RunError, Stop, Supervisor, cancelled, command};
use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::json::Json;
use baton_core::scope::Authority;
use baton_scratch::Scratch;

use self::input::{Directory, directory, parse, program};
use self::output::{Said, said};
use crate::job::ToolJob;
use crate::toolbox::permanent;

/// Runs commands.
///
/// The input is an `ExecInput`: the argument list, a working directory inside of the root, and what
/// the program reads on standard input. The program is a name that is looked up in `PATH`, or an
/// absolute path, and must not be a file that the call itself may write. Directories that the call
/// may write to are made where they are missing: what is not there cannot be granted to a command.
///
/// Its environment is that of an agent that is a command, the variables that the authority names,
/// `BATON_IDEMPOTENCY_KEY`, and `TMPDIR`: a directory of its own that is removed afterwards. Its
/// output is `{"status", "stdout", "stderr", "truncated"}`; whether a status is a failure is for the
/// caller to say. A program that a signal ended (code `signal`), that could not be started
/// (`exec-start`), or that took too long (`timeout`) is a failure.
#[derive(Clone, Debug)]
pub struct ExecTool {
    supervisor: Supervisor,
}

impl ExecTool {
    /// Over a supervisor.
    #[must_use]
    pub fn new(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }

    /// One attempt.
    pub async fn call(&self, job: &ToolJob, context: &JobContext) -> Answer {
        Answer { result: self.attempt(job, context).await, usage: Usage::default() }
    }

    async fn attempt(&self, job: &ToolJob, context: &JobContext) -> Result<Handoff, BackendError> {
        let temporary = temporary().await?;
        let result = self.run(job, context, temporary.path()).await;
        // What cannot be removed is left to whoever cleans the directory for temporary files.
        let _ = tokio::task::spawn_blocking(move || drop(temporary)).await;
        result
    }

    async fn run(
        &self,
        job: &ToolJob,
        context: &JobContext,
        temporary: &Path,
    ) -> Result<Handoff, BackendError> {
        let refused = |error: input::Refused| error.tell(context);
        let input = parse(&job.input, &job.limits)?;
        let file = program(&input, job).map_err(refused)?;
        let Directory { path: directory, held: _held } =
            directory(&input, job.root.as_deref(), temporary).map_err(refused)?;
        if let Some(root) = &job.root {
            make_directories(root, &job.authority);
        }
        let probe = try_probe(&self.supervisor).map_err(|error| not_started(&error.to_string()))?;
        let task = Task {
            authority: &job.authority,
            root: job.root.as_deref(),
            program: &file,
            temporary,
        };
        let mut argv: Vec<&OsStr> = vec![file.as_os_str()];
        argv.extend(input.argv.iter().skip(1).map(OsStr::new));
        let keep =
            Keep::Both(usize::try_from(job.limits.tools.exec_output_bytes).unwrap_or(usize::MAX));
        let launch = Launch {
            argv,
            environment: environment(job, temporary),
            directory: &directory,
            task: input.stdin.unwrap_or_default().into_bytes(),
            stdout: keep,
            stderr: keep,
            confinement: Some(Confinement::of(&task, &Machine::here(), probe)),
        };
        let started = |pid, ticks| {
            // A closed channel means that nobody keeps a journal of this job.
            let _ = context.notices.send(Notice::Process { pid, ticks });
        };
        let stop = async {
            tokio::select! {
                () = cancelled(context) => Stop::Cancelled,
                () = tokio::time::sleep(Duration::from_millis(job.timeout_ms)) => Stop::TimedOut,
            }
        };
        let remains = self.supervisor.run(launch, started, stop).await;
        remains.map_err(|error| stopped(error, job)).and_then(|remains| judge(&remains, job))
    }
}

/// Whether a command that was started for `job` has something that it would not be given with `less`:
/// leave to run, files as the operating system was told of them, the network, variables.
pub(crate) fn keeps(job: &ToolJob, less: &Authority) -> bool {
    // What cannot be read runs nothing.
    let Ok(input) = parse(&job.input, &job.limits) else { return false };
    let runs = less.exec.as_ref().is_some_and(|exec| exec.allows(&input.argv));
    // What it may touch does not depend on what this machine can enforce.
    let probe = Probe { landlock: Some(1), network: Some(Barrier::Tcp) };
    let confinement = |authority: &Authority| {
        let (root, program) = (job.root.as_deref(), Path::new("/"));
        let task = Task { authority, root, program, temporary: program };
        Confinement::of(&task, &Machine::default(), probe)
    };
    let loses = |name: &OsString| is_granted(&job.authority, name) && !is_granted(less, name);
    !runs
        || confinement(&job.authority) != confinement(less)
        || std::env::vars_os().any(|(name, _)| loses(&name))
}

/// Whether a command sees a variable of ours.
fn is_granted(authority: &Authority, name: &OsStr) -> bool {
    let scope = authority.env.as_ref();
    name.to_str().is_some_and(|name| scope.is_some_and(|scope| scope.allows(name)))
}

/// A directory of the command's own.
async fn temporary() -> Result<Scratch, BackendError> {
    let problem = match tokio::task::spawn_blocking(Scratch::new).await {
        Ok(Ok(directory)) => return Ok(directory),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let message = format!("no directory for temporary files can be made: {problem}");
    Err(permanent(FailureKind::Internal, "exec-start", message))
}

/// The whole environment of a command: anything else may hold a secret.
fn environment(job: &ToolJob, temporary: &Path) -> Vec<(OsString, OsString)> {
    let mut variables = command::environment();
    let granted = std::env::vars_os().filter(|(name, _)| is_granted(&job.authority, name));
    variables.extend(granted);
    variables.extend(
        [
            ("BATON_RUN", job.task.run.to_string()),
            ("BATON_TASK", job.task.to_string()),
            ("BATON_ATTEMPT", job.attempt.to_string()),
            ("BATON_IDEMPOTENCY_KEY", job.idempotency_key.clone()),
        ]
        .map(|(name, value)| (name.into(), value.into())),
    );
    variables.push(("TMPDIR".into(), temporary.into()));
    variables.extend(job.traceparent.iter().map(|header| ("TRACEPARENT".into(), header.into())));
    variables
}

fn stopped(error: RunError, job: &ToolJob) -> BackendError {
    match error {
        RunError::Stopped(Stop::Cancelled) => BackendError::Cancelled,
        RunError::Stopped(Stop::TimedOut) => permanent(
            FailureKind::TimedOut,
            "timeout",
            format!("the command took longer than its {} ms", job.timeout_ms),
        ),
        RunError::Start(error) => not_started(&error.to_string()),
        RunError::Output => permanent(
            FailureKind::Limit,
            "tools.exec_output_bytes",
            "the command wrote more than may be kept",
        ),
    }
}

fn not_started(why: &str) -> BackendError {
    permanent(FailureKind::Failed, "exec-start", format!("the command could not be started: {why}"))
}

fn judge(remains: &Remains, job: &ToolJob) -> Result<Handoff, BackendError> {
    let output = |how: &str, number: i32, bytes_max: u64| {
        let Said { stdout, stderr, truncated } = said(remains, bytes_max);
        serde_json::json!({
            how: number, "stdout": stdout, "stderr": stderr, "truncated": truncated,
        })
    };
    match &remains.ended {
        Some(Ended::Exited(status)) => {
            let output = Json::from(output("status", *status, job.limits.run.result_bytes));
            Ok(Handoff { output, ..Handoff::default() })
        }
        Some(Ended::Signalled(signal)) => {
            let message = format!("the command was ended by signal {signal}");
            let failure = Failure::new(FailureKind::Failed, "signal", message);
            let detail = output("signal", *signal, job.limits.run.text_bytes);
            Err(BackendError::Permanent(failure.with_detail(detail)))
        }
        Some(Ended::NotStarted(why)) => Err(not_started(why)),
        // The supervisor was killed, by a person or for want of memory, and the program with it.
        Some(Ended::Killed) | None => Err(BackendError::Retryable {
            failure: Failure::new(
                FailureKind::Internal,
                "supervisor-ended",
                "the supervisor of the command was killed",
            ),
            after_ms: None,
        }),
    }
}
