//! Speaking with an agent, line by line, while it works.

use std::pin::pin;
use std::time::Duration;

use baton_core::handoff::{Failure, FailureKind};
use baton_core::report::{Level, Report};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::answer::cut;
use super::lines::{End, Lines};
use crate::backend::{Activity, BackendError, Inbox, Job, JobContext, Message, Notice};
use crate::people;
use crate::process::{StreamLaunch, Streaming, Supervisor};
use crate::speech::Speech;
use crate::stop::{Stop, stop};
use crate::supervise::Ended;

/// How long an agent may take to end after its last word.
const END_GRACE: Duration = Duration::from_secs(5);

/// How long an agent is listened to after it was told that nobody wants its result.
const FAREWELL_GRACE: Duration = Duration::from_secs(1);

/// Bytes of standard error in a message.
const STDERR_QUOTE_BYTES: usize = 1_000;

/// Bytes that every sign of life counts for beside its text.
const ACTIVITY_BYTES_LEAST: u64 = 16;

/// Bytes of text in one sign of life.
const ACTIVITY_BYTES_MAX: u64 = 4 << 10;

/// Our side of a conversation. It waits for nothing: what it hears, it answers at once.
pub(crate) trait Dialogue: Send {
    /// What is said first, in lines without their ends.
    fn open(&mut self) -> Vec<String>;

    /// Whether nothing follows what is said first, and the program may read the end of its input.
    fn is_silent(&self) -> bool {
        false
    }

    /// A line was heard: what is said to it.
    fn hear(&mut self, line: &str) -> Vec<String>;

    /// Whether everything was said that matters.
    fn is_over(&self) -> bool;

    /// Whether what the program still does is not wanted: it is over, and ends at once.
    fn is_cut(&self) -> bool {
        false
    }

    /// Whether a tool of the agent is at work, so that its silence means nothing.
    fn is_busy(&self) -> bool;

    /// Number of the last message of people that it has; none: it takes none while it works.
    fn told(&self) -> Option<u64> {
        None
    }

    /// People said something more: what is said to the agent now. What has to wait is kept, and the
    /// conversation is not over before it was said.
    fn take(&mut self, _messages: Vec<Message>) -> Vec<String> {
        Vec::new()
    }

    /// What is said when nobody wants the result any more.
    fn farewell(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// How a conversation ended that nobody broke off.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// How the program ended, if anybody can say.
    pub ended: Option<Ended>,
    /// The end of its standard error.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// The failure of a program that ended without its last word.
    pub(crate) fn broke(&self, agent: &str) -> BackendError {
        let mut words = match &self.ended {
            Some(Ended::NotStarted(why)) => {
                return BackendError::Permanent(Failure::new(
                    FailureKind::Failed,
                    "program-not-started",
                    format!("{agent} could not be started: {why}"),
                ));
            }
            Some(Ended::Exited(status)) => format!("{agent} exited with status {status}"),
            Some(Ended::Signalled(signal)) => format!("signal {signal} ended {agent}"),
            Some(Ended::Killed) | None => format!("{agent} was killed"),
        };
        words.push_str(" before it said that it was done");
        let stderr = String::from_utf8_lossy(&self.stderr);
        let stderr = stderr.trim();
        let from = stderr.ceil_char_boundary(stderr.len().saturating_sub(STDERR_QUOTE_BYTES));
        if let Some(end) = stderr.get(from..).filter(|end| !end.is_empty()) {
            words.push_str("; standard error ends: ");
            words.push_str(end);
        }
        super::outage::error("agent-ended", &words, None)
    }
}

/// Speaks with a program until everything was said, the program ended, the attempt was stopped, or
/// the program was silent for too long. Nothing of it runs afterwards.
///
/// # Errors
/// The attempt was broken off, or the program could not be started.
pub(crate) async fn talk(
    supervisor: &Supervisor,
    launch: StreamLaunch,
    dialogue: &mut dyn Dialogue,
    job: &Job,
    context: &JobContext,
) -> Result<Finished, BackendError> {
    let Streaming { mut stdin, stdout, process } =
        supervisor.stream(launch).await.map_err(|error| {
            let message = format!("{}: {error}", supervisor.program.display());
            let failure = Failure::new(FailureKind::Internal, "supervisor-start", message);
            BackendError::Retryable { failure, after_ms: None }
        })?;
    // A closed channel means that nobody keeps a journal of this job.
    let _ = context.notices.send(Notice::Process { pid: process.pid(), ticks: process.ticks() });
    let stall_ms = job.spec.options.stall_ms.unwrap_or(job.limits.model.stall_ms);
    let mut lines = Lines::new(stdout);
    let mut stop = pin!(stop(job, context));
    let inbox = &context.inbox;
    let broken =
        loop_until_over(&mut lines, &mut stdin, dialogue, stall_ms, inbox, &mut stop).await;
    if let Err(broken) = broken {
        if broken == Broken::Stopped(Stop::Cancelled) {
            let goodbye = dialogue.farewell();
            let grace = if goodbye.is_empty() { Duration::ZERO } else { FAREWELL_GRACE };
            let _ = timeout(grace, async {
                say(&mut stdin, &goodbye).await;
                while let (false, Ok(line)) = (dialogue.is_over(), lines.next().await) {
                    dialogue.hear(&String::from_utf8_lossy(&line));
                }
            })
            .await;
        }
        process.end(Duration::ZERO).await;
        return Err(broken.error(job, stall_ms));
    }
    // The end of its input is what tells it that nobody speaks with it any more.
    let _ = stdin.shutdown().await;
    drop(stdin);
    let (ended, stderr) =
        process.end(if dialogue.is_cut() { Duration::ZERO } else { END_GRACE }).await;
    Ok(Finished { ended, stderr })
}

/// Why a conversation was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Stopped(Stop),
    Silent,
    TooMuch(&'static str),
}

impl Broken {
    fn error(self, job: &Job, stall_ms: u64) -> BackendError {
        match self {
            Self::Stopped(stop) => stop.error(job),
            Self::Silent => BackendError::Retryable {
                failure: Failure::new(
                    FailureKind::TimedOut,
                    "stall",
                    format!("the agent gave no sign of life for {stall_ms} ms"),
                ),
                after_ms: None,
            },
            Self::TooMuch(code) => BackendError::Permanent(Failure::new(
                FailureKind::Limit,
                code,
                "the agent wrote more to standard output than it may",
            )),
        }
    }
}

async fn loop_until_over(
    lines: &mut Lines<impl tokio::io::AsyncRead + Unpin>,
    stdin: &mut (impl AsyncWrite + Unpin),
    dialogue: &mut dyn Dialogue,
    stall_ms: u64,
    inbox: &Inbox,
    stop: &mut (impl Future<Output = Stop> + Unpin),
) -> Result<(), Broken> {
    let mut answer = dialogue.open();
    let quiet = Duration::from_millis(stall_ms);
    let mut first = true;
    loop {
        if !answer.is_empty() {
            tokio::select! {
                why = &mut *stop => return Err(Broken::Stopped(why)),
                said = timeout(quiet, say(stdin, &answer)) => {
                    said.map_err(|_| Broken::Silent)?;
                }
            }
        }
        if std::mem::take(&mut first) && dialogue.is_silent() {
            let _ = stdin.shutdown().await;
        }
        let unheard = dialogue.told().map(|told| inbox.after(told)).unwrap_or_default();
        if !unheard.is_empty() {
            answer = dialogue.take(unheard);
            continue;
        }
        if dialogue.is_over() {
            return Ok(());
        }
        let told = dialogue.told();
        let news = async {
            match told {
                Some(told) => inbox.more(told).await,
                None => std::future::pending().await,
            }
        };
        let busy = dialogue.is_busy();
        let next = async {
            match busy {
                true => Ok(lines.next().await),
                false => timeout(quiet, lines.next()).await,
            }
        };
        let line = tokio::select! {
            why = &mut *stop => return Err(Broken::Stopped(why)),
            line = next => line.map_err(|_| Broken::Silent)?,
            // Taken at the beginning of the next round.
            () = news => {
                answer = Vec::new();
                continue;
            }
        };
        answer = match line {
            Ok(line) => dialogue.hear(&String::from_utf8_lossy(&line)),
            Err(End::Closed) => return Ok(()),
            Err(End::TooMuch(code)) => return Err(Broken::TooMuch(code)),
        };
    }
}

/// Says lines. A program that does not listen any more has ended or will: what it said last counts.
async fn say(to: &mut (impl AsyncWrite + Unpin), lines: &[String]) {
    for line in lines {
        if to.write_all(line.as_bytes()).await.is_err() || to.write_all(b"\n").await.is_err() {
            return;
        }
    }
    let _ = to.flush().await;
}

/// Tells those who watch what an agent does, up to a limit of bytes.
pub(crate) struct Watch {
    context: JobContext,
    speech: Speech,
    bytes_left: u64,
    line_bytes: u64,
}

impl Watch {
    pub(crate) fn new(job: &Job, context: &JobContext) -> Self {
        let limits = &job.limits.run;
        let (context, speech) = (context.clone(), Speech::new(&context.redact));
        Self { context, speech, bytes_left: limits.log_bytes, line_bytes: limits.log_line_bytes }
    }

    /// A sign of life.
    pub(crate) fn activity(&mut self, kind: fn(String) -> Activity, text: &str) {
        self.piece(kind, text);
        self.pause();
    }

    /// A piece of what is said, which the next one follows up.
    pub(crate) fn piece(&mut self, kind: fn(String) -> Activity, text: &str) {
        for activity in self.speech.say(kind(text.to_owned())) {
            self.tell(activity);
        }
    }

    /// Nothing follows up what was said.
    fn pause(&mut self) {
        if let Some(rest) = self.speech.end() {
            self.tell(rest);
        }
    }

    fn tell(&mut self, activity: Activity) {
        let short = |text: &str| cut(text, ACTIVITY_BYTES_MAX).to_owned();
        let activity = match &activity {
            Activity::Text(text) => Activity::Text(short(text)),
            Activity::Thinking(text) => Activity::Thinking(short(text)),
            Activity::Tool(name) => Activity::Tool(short(name)),
            Activity::Waiting => Activity::Waiting,
        };
        let bytes = activity.text().len() as u64 + ACTIVITY_BYTES_LEAST;
        if let Some(left) = self.bytes_left.checked_sub(bytes) {
            self.bytes_left = left;
            // A closed channel means that nobody watches.
            let _ = self.context.notices.send(Notice::Activity(activity));
        }
    }

    /// The agent was told what people said up to this message.
    pub(crate) fn heard(&self, upto: u64) {
        people::heard(&self.context, upto);
    }

    /// Something that stays on record.
    pub(crate) fn log(&self, level: Level, text: &str) {
        let text = self.context.redact.text(cut(text, self.line_bytes));
        let _ = self.context.notices.send(Notice::Report(Report::Log { level, text }));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pause();
    }
}
