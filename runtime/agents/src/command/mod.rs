//! `command:ARGV`: any program that takes a task as JSON and answers with JSON.

mod answer;
mod program;
mod task;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::record::Effect;

use crate::backend::{
    Answer, Backend, BackendError, BackendFuture, Job, JobContext, Notice, Steering,
};
use crate::coding::sessions::{Book, Bound};
use crate::people::last;
use crate::process::{Keep, Launch, Remains, RunError, Supervisor};
use crate::sessions::Session;
use crate::stop::stop;
use crate::supervise::Ended;

pub use program::{CommandError, find};
pub use task::environment;

/// Bytes a program may write to standard output; one more and it is killed.
pub const STDOUT_BYTES_MAX: usize = 16 << 20;

/// Bytes kept of the end of a program's standard error, to be quoted where it fails.
pub const STDERR_BYTES_KEPT: usize = 4 << 10;

/// Runs a program per attempt, under a supervisor.
///
/// The program gets one JSON object on standard input, with the fields `task`, `attempt`, `prompt`,
/// `input`, `label`, `phase`, `schema`, `model`, `effort`, `agent_type`, `system`, `tools` and
/// `disallowed_tools` (of the agent type, for the program to obey), `root`, `deadline_ms` (when the
/// attempt ends, in milliseconds since 1970-01-01 UTC), `corrections` (what was wrong with the
/// output of the attempt before), `earlier` (why the attempts before brought nothing, a sentence each),
/// `messages` (what people said to the agent so far: objects with `sender`, `text`, `urgent`, and `new`,
/// whether its session was not told them; they count more than the prompt) and `session`. Every field is
/// always there, `null` if there is nothing to say. The program answers with one object on standard output:
/// `{"output": …, "summary"?, "evidence"?, "usage"?}` or
/// `{"error": {"kind": "retryable|permanent|quota", "message", "retry_after_ms"?}}`.
///
/// Either may have a field `session`: the name of a session, at most 4 KiB without spaces, that the
/// program can go on with. It is given back as `session` in later attempts, and in a further turn of the
/// same attempt that begins where people said something before the result was taken: its output takes
/// the place of the one before. A program that does not know its session any more begins anew.
///
/// Its environment is `PATH`, `HOME`, `LANG`, `LC_*`, `TZ` and `TMPDIR` of the host, and
/// `BATON_RUN`, `BATON_TASK`, `BATON_ATTEMPT` and `TRACEPARENT`. Its working directory is the granted root, or the
/// host's own where none was granted. When it ends, whatever it started ends too.
pub struct CommandBackend {
    name: String,
    argv: Vec<String>,
    /// Absolute, if the first word is a path.
    program: Arc<Path>,
    supervisor: Supervisor,
}

impl CommandBackend {
    /// A backend for `argv_text`, what follows `command:`. It is split into words as a POSIX shell
    /// does, quotes and backslashes included, and nothing else of a shell applies: no variables,
    /// patterns, pipes or redirections. A first word with a `/` is a path from the host's working
    /// directory, never from the granted root; one without is looked up in `PATH` at every attempt.
    ///
    /// # Errors
    /// When the text has no words or a quote is not closed.
    pub fn new(argv_text: &str, supervisor: Supervisor) -> Result<Self, CommandError> {
        let argv = program::split(argv_text)?;
        let program = program::anchored(&argv)?;
        Ok(Self { name: format!("command:{argv_text}"), argv, program, supervisor })
    }

    async fn attempt(&self, job: &Job, context: &JobContext) -> Answer {
        let mut book = Book::new(job, context, Bound::Nowhere);
        let before = book.before().cloned();
        match self.run(job, context, before.as_ref()).await {
            Ok(remains) => {
                let (answer, session) = answer::judge(job, &remains);
                if let Some(session) = session {
                    book.answered_as(&session, last(&context.inbox.all()));
                }
                answer
            }
            Err(error) => Answer { result: Err(error), usage: Usage::default() },
        }
    }

    async fn run(
        &self,
        job: &Job,
        context: &JobContext,
        session: Option<&Session>,
    ) -> Result<Remains, BackendError> {
        let program = program::find(&self.program).map_err(BackendError::Permanent)?;
        let directory = task::directory(job).map_err(BackendError::Permanent)?;
        let mut argv: Vec<&OsStr> = vec![program.as_os_str()];
        argv.extend(self.argv.iter().skip(1).map(OsStr::new));
        let launch = Launch {
            argv,
            environment: task::environment_of(job),
            directory: &directory,
            task: task::json(job, context, session),
            stdout: Keep::All(STDOUT_BYTES_MAX),
            stderr: Keep::End(STDERR_BYTES_KEPT),
            confinement: None,
        };
        let started = |pid, ticks| {
            // A closed channel means that nobody keeps a journal of this job.
            let _ = context.notices.send(Notice::Process { pid, ticks });
        };
        let remains = self.supervisor.run(launch, started, stop(job, context)).await;
        remains.map_err(|error| match error {
            RunError::Stopped(stop) => stop.error(job),
            RunError::Output => BackendError::Permanent(Failure::new(
                FailureKind::Limit,
                "stdout-bytes",
                format!("the program wrote more than {STDOUT_BYTES_MAX} bytes to standard output"),
            )),
            RunError::Start(error) => BackendError::Retryable {
                failure: Failure::new(
                    FailureKind::Internal,
                    "supervisor-start",
                    format!("{}: {error}", self.supervisor.program.display()),
                ),
                after_ms: None,
            },
        })
    }
}

impl Backend for CommandBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn takes_messages(&self) -> Steering {
        Steering::Turn
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        Box::pin(self.attempt(job, context))
    }
}

/// Whether the program ended the way a program with an answer does.
fn exit_failure(remains: &Remains) -> Option<BackendError> {
    let (code, detail, what) = match &remains.ended {
        Some(Ended::Exited(0)) => return None,
        Some(Ended::Exited(status)) => (
            "exit-status",
            serde_json::json!({ "status": status }),
            format!("exited with status {status}"),
        ),
        Some(Ended::Signalled(signal)) => (
            "signal",
            serde_json::json!({ "signal": signal }),
            format!("was ended by signal {signal}"),
        ),
        Some(Ended::NotStarted(why)) => {
            let message = format!(
                "the program could not be started: {why}; is it an executable for this machine, \
                 with an interpreter that exists?"
            );
            return Some(BackendError::Permanent(Failure::new(
                FailureKind::Failed,
                "program-not-started",
                message,
            )));
        }
        // The supervisor was killed, by a person or for want of memory, and the program with it.
        Some(Ended::Killed) | None => {
            return Some(BackendError::Retryable {
                failure: Failure::new(
                    FailureKind::Internal,
                    "supervisor-ended",
                    "the supervisor of the program was killed",
                ),
                after_ms: None,
            });
        }
    };
    Some(BackendError::Permanent(answer::failure_with_stderr(
        code,
        format!("the program {what}"),
        detail,
        &remains.stderr.last,
    )))
}

#[cfg(test)]
mod tests;
