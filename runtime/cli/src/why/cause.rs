//! Everything that can be the answer to "why", and its words.

use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::{Fork, Pause, Reuse};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::reuse::Miss;
use baton_core::scope::Capability;
use baton_core::tool::Denial;

use super::story::{Message, PutOff};
use crate::error::CliError;
use crate::pause::{self, clock};
use crate::text::{clean, duration, fit, one_line, plural};

/// Characters of a question, message or failure in a sentence.
const TEXT_MAX: usize = 300;
/// Names of tasks in one sentence.
const NAMED_MAX: usize = 8;

/// What a task is called in a sentence: its place, and its label if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its place.
    pub path: TaskPath,
    /// Its label.
    pub label: Option<String>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The run ended with a result.
    Done {
        /// What it says of itself.
        summary: String,
    },
    /// The run or task ended without a result.
    Failed(Failure),
    /// A person cancelled it, or a workflow.
    Cancelled {
        /// Who.
        by: String,
    },
    /// Nobody drives the run: whoever did is gone.
    Nobody {
        /// Since the last record.
        since: Timestamp,
        /// Whether anything of it was done.
        begun: bool,
    },
    /// The run is paused.
    Paused(Pause),
    /// A person asked it to pause, and what is at work has not ended.
    Pausing {
        /// Who.
        by: String,
        /// What is at work is interrupted.
        now: bool,
    },
    /// Somebody drives the run.
    Driven {
        /// Tasks at work.
        working: u64,
        /// Tasks that wait.
        waiting: u64,
    },
    /// It waits until another task ends: all places are taken.
    Place {
        /// How many places there are.
        places: u32,
        /// Who has them.
        holders: Vec<Name>,
    },
    /// It was asked for and nothing keeps it from starting.
    Due,
    /// It waits for the run: that is paused, or nobody drives it.
    Run,
    /// It waits for a provider of models.
    Provider(PutOff),
    /// It waits for a moment.
    Timer {
        /// When.
        due: Timestamp,
    },
    /// It waits for a person's answer.
    Gate {
        /// The question.
        spec: Box<GateSpec>,
        /// When it is too late.
        due: Option<Timestamp>,
    },
    /// A workflow waits for what it spawned.
    Children {
        /// Those that are open.
        open: Vec<Name>,
    },
    /// A workflow with nothing open takes messages.
    Listening,
    /// A workflow computes, or nobody told what it does.
    Computing,
    /// It is at work, and told so lately.
    Working {
        /// The call of a model under way.
        calling: Option<String>,
        /// Since it started.
        since: Timestamp,
    },
    /// It is at work, and nothing was heard of it for long.
    Silent {
        /// Since when.
        since: Timestamp,
        /// The call of a model under way.
        calling: Option<String>,
        /// Who performs it.
        backend: String,
    },
    /// It ended with a result.
    Ended {
        /// What it says of itself.
        summary: String,
    },
    /// A request of a workflow was turned down.
    Refused(Refusal),
    /// An attempt failed, and another followed.
    Retried {
        /// The attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// A provider put an attempt off.
    PutOff(PutOff),
    /// It has the result of a task of another run.
    Reused {
        /// That task.
        from: TaskId,
    },
    /// It was performed although another run could be reused.
    NotReused {
        /// Why.
        miss: Miss,
        /// The other run.
        run: Option<RunId>,
    },
    /// How many tasks of a run were reused and how many were not.
    ReuseCount {
        /// The other run.
        reuse: Reuse,
        /// Reused.
        reused: u64,
        /// Performed.
        performed: u64,
    },
    /// A person let it begin anew.
    Restarted {
        /// Who.
        by: String,
        /// Why, in their words.
        note: Option<String>,
    },
    /// The run was forked from another.
    Forked(Box<Fork>),
    /// The task is from the run that this one was forked from.
    Shared {
        /// That run.
        run: RunId,
    },
    /// The run follows up another.
    Follows {
        /// That run.
        run: RunId,
    },
    /// A person sent a message.
    Messaged {
        /// What they said.
        message: Message,
        /// Whether it was heard; none: it is for a workflow, which hears it in its inbox.
        heard: Option<bool>,
    },
    /// It tried what it may not do.
    Denied(Denial),
    /// The run was paused and went on.
    WasPaused {
        /// Why.
        pause: Pause,
        /// Who went on.
        by: String,
    },
    /// The run was taken over from an owner that was gone.
    TakenOver {
        /// By whom.
        by: String,
    },
    /// There are more of the kind before.
    More {
        /// How many.
        more: u64,
        /// Of what, in words.
        what: &'static str,
    },
}

/// What a sentence is told of.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The task.
    pub task: &'a TaskPath,
    /// Whether a living process drives the run.
    pub owned: bool,
    /// Now.
    pub now: Timestamp,
}

impl Telling<'_> {
    fn id(&self) -> String {
        if self.task.is_root() {
            return self.run.to_string();
        }
        TaskId { run: self.run.clone(), path: self.task.clone() }.to_string()
    }

    fn ago(&self, at: Timestamp) -> String {
        format!("since {} ({})", clock(at, self.now), duration(self.now.since(at)))
    }
}

impl Cause {
    /// The cause as a word, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done { .. } | Self::Ended { .. } => "done",
            Self::Failed(failure) if failure.kind == FailureKind::Cancelled => "cancelled",
            Self::Failed(_) => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Nobody { .. } => "interrupted",
            Self::Paused(pause) => match pause {
                Pause::Cap { .. } => "paused-cap",
                Pause::Provider { .. } => "paused-provider",
                Pause::Person { .. } => "paused-person",
                Pause::Gate { .. } => "paused-gate",
                Pause::Message => "paused-message",
                Pause::Interrupted => "interrupted",
            },
            Self::Pausing { .. } => "pausing",
            Self::Driven { .. } => "driven",
            Self::Place { .. } => "waits-place",
            Self::Due => "due",
            Self::Run => "waits-run",
            Self::Provider(_) => "waits-provider",
            Self::Timer { .. } => "waits-timer",
            Self::Gate { .. } => "waits-gate",
            Self::Children { .. } => "waits-tasks",
            Self::Listening => "waits-message",
            Self::Computing => "computes",
            Self::Working { .. } => "works",
            Self::Silent { .. } => "silent",
            Self::Refused(_) => "refused",
            Self::Retried { .. } => "retried",
            Self::PutOff(_) => "put-off",
            Self::Reused { .. } => "reused",
            Self::NotReused { .. } => "not-reused",
            Self::ReuseCount { .. } => "reuses",
            Self::Restarted { .. } => "restarted",
            Self::Forked(_) => "forked",
            Self::Shared { .. } => "shared",
            Self::Follows { .. } => "follows",
            Self::Messaged { .. } => "messaged",
            Self::Denied(_) => "denied",
            Self::WasPaused { .. } => "was-paused",
            Self::TakenOver { .. } => "taken-over",
            Self::More { .. } => "more",
        }
    }

    /// The cause as a sentence about the task, and what to do about it.
    #[must_use]
    pub fn words(&self, of: Telling<'_>) -> (String, Option<String>) {
        let (run, now) = (of.run, of.now);
        let plain = |text: String| (text, None);
        let hinted =
            |text: String, hint: String| (text, Some(hint).filter(|hint| !hint.is_empty()));
        match self {
            Self::Done { summary } => hinted(
                format!("it is done{}", after_colon(summary)),
                format!("`baton show {run}` shows the result"),
            ),
            Self::Ended { summary } => plain(format!("it is done{}", after_colon(summary))),
            Self::Failed(failure) => failed(failure, of),
            Self::Cancelled { by } => plain(format!("{} cancelled it", one_line(by))),
            Self::Nobody { begun: false, .. } => hinted(
                "nobody drives it, and nothing of it was done yet".into(),
                format!("`baton resume {run}` starts it"),
            ),
            Self::Nobody { since, .. } => hinted(
                format!("nobody drives it: the process that did is gone, {}", of.ago(*since)),
                format!("`baton resume {run}` goes on; what ended is not done again"),
            ),
            Self::Paused(reason) => paused(reason, of),
            Self::Pausing { by, now } => plain(format!(
                "{} asked it to pause: nothing further starts, and {}",
                one_line(by),
                if *now { "agents at work are interrupted" } else { "agents at work finish" }
            )),
            Self::Driven { working, waiting } => plain(match (working, waiting) {
                (0, 0) => "a process drives it, and the workflow itself is at work".into(),
                (_, 0) => format!("a process drives it: {} at work", plural(*working, "task")),
                _ => format!(
                    "a process drives it: {} at work, {waiting} waiting",
                    plural(*working, "task")
                ),
            }),
            Self::Place { places, holders } => hinted(
                format!(
                    "it waits for a place: {} at once, taken by {}",
                    plural(u64::from(*places), "agent"),
                    names(holders)
                ),
                "--concurrency N of `baton run` lets more work at once".into(),
            ),
            Self::Due => {
                plain("it was asked for, and starts as soon as its process gets to it".into())
            }
            Self::Run => hinted(
                "it waits for the run to go on".into(),
                format!("`baton why {run}` says why that stands still"),
            ),
            Self::Provider(put_off) => hinted(
                format!("it waits for a provider: {}", out(put_off, now)),
                format!("`baton resume {run}` asks it again now"),
            ),
            Self::Timer { due } if *due > now => plain(format!(
                "it waits until {}, in {}",
                clock(*due, now),
                duration(due.since(now))
            )),
            Self::Timer { due } => plain(format!("its time came at {}", clock(*due, now))),
            Self::Gate { spec, due } => gate(spec, *due, of),
            Self::Children { open } => plain(format!("it waits for {}", names(open))),
            Self::Listening => hinted(
                "it waits for a message".into(),
                format!("`baton send {run} TEXT` sends one"),
            ),
            Self::Computing => plain("the workflow itself is at work".into()),
            Self::Working { calling, since } => plain(format!(
                "it is at work {}{}",
                of.ago(*since),
                calling
                    .as_ref()
                    .map(|model| format!(": a call of {}", one_line(model)))
                    .unwrap_or_default()
            )),
            Self::Silent { since, calling, backend } => {
                let what = match calling {
                    Some(model) => format!("a call of {} is under way", one_line(model)),
                    None => format!("{} tells nothing", one_line(backend)),
                };
                let id = of.id();
                hinted(
                    format!(
                        "it is at work, and nothing was heard of it {}: {what}",
                        of.ago(*since)
                    ),
                    format!(
                        "`baton show {id} --follow` watches it, `baton restart {id}` lets it begin anew"
                    ),
                )
            }
            Self::Refused(refusal) => refused(refusal),
            Self::Retried { attempt, failure } => {
                plain(format!("attempt {attempt} failed, and another followed: {}", told(failure)))
            }
            Self::PutOff(put_off) => plain(format!("a provider put it off: {}", out(put_off, now))),
            Self::Reused { from } => {
                plain(format!("it was not performed: it has the result of {from}"))
            }
            Self::NotReused { miss, run } => {
                plain(format!("it was performed, not reused: {}", missed(miss, run.as_ref())))
            }
            Self::ReuseCount { reuse, reused, performed } => hinted(
                format!("it uses results of {}: {reused} reused, {performed} performed", reuse.run),
                if *performed > 0 {
                    format!("`baton why {run}/N` says why a task was performed")
                } else {
                    String::new()
                },
            ),
            Self::Restarted { by, note } => plain(format!(
                "{} let it begin anew{}",
                one_line(by),
                note.as_deref().map(after_colon).unwrap_or_default()
            )),
            Self::Forked(fork) => hinted(
                format!(
                    "it was forked from {} at its record {}: the first {} are shared and cost nothing{}",
                    fork.run,
                    fork.at,
                    plural(fork.records, "record"),
                    fork.edit
                        .as_deref()
                        .map(|edit| format!("; changed: {}", short(edit)))
                        .unwrap_or_default()
                ),
                format!("`baton diff {} {run}` compares them", fork.run),
            ),
            Self::Shared { run } => {
                plain(format!("it was done in {run}, which this run was forked from"))
            }
            Self::Follows { run: first } => {
                plain(format!("it answers a message to {first}, which had ended"))
            }
            Self::Messaged { message, heard } => {
                let urgent = if message.urgent { " urgently" } else { "" };
                let end = match heard {
                    Some(true) => ", and it was told",
                    Some(false) => ", and it was not told yet",
                    None => "",
                };
                plain(format!(
                    "{} said{urgent}: \u{201c}{}\u{201d}{end}",
                    one_line(&message.sender),
                    short(&message.text)
                ))
            }
            Self::Denied(denial) => hinted(
                format!(
                    "it was kept from `{}`: {} is not granted so far ({})",
                    short(&denial.tried),
                    denial.capability.as_str(),
                    one_line(&denial.code)
                ),
                grant(denial.capability, &one_line(&denial.hint)),
            ),
            Self::WasPaused { pause, by } => plain(format!(
                "it was paused ({}), and {} went on with it",
                one_line(&pause::words(pause, now)),
                one_line(by)
            )),
            Self::TakenOver { by } => {
                plain(format!("{} went on with it after its process was gone", one_line(by)))
            }
            Self::More { more, what } => plain(format!("and {more} more {what}")),
        }
    }
}

fn short(text: &str) -> String {
    fit(&one_line(text), TEXT_MAX)
}

fn after_colon(text: &str) -> String {
    let text = short(text);
    if text.is_empty() { text } else { format!(": {text}") }
}

fn names(all: &[Name]) -> String {
    let named = all.iter().take(NAMED_MAX).map(|Name { path, label }| match label {
        Some(label) => format!("/{path} `{}`", fit(&one_line(label), 40)),
        None => format!("/{path}"),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if all.len() > NAMED_MAX {
        text.push_str(&format!(" and {} more", all.len() - NAMED_MAX));
    }
    text
}

fn told(failure: &Failure) -> String {
    format!("{} ({})", short(&failure.message), one_line(&failure.code))
}

fn out(put_off: &PutOff, now: Timestamp) -> String {
    let PutOff { provider, outage, until } = put_off;
    let until = match until {
        Some(until) if *until > now => {
            format!(" until {}, in {}", clock(*until, now), duration(until.since(now)))
        }
        Some(until) => format!(" until {}", clock(*until, now)),
        None => ", and nobody knows until when".into(),
    };
    format!("{}{until}", pause::out(provider, *outage))
}

/// Why something has no result, and what makes it have one.
fn failed(failure: &Failure, of: Telling<'_>) -> (String, Option<String>) {
    let told = told(failure);
    let again = format!("`baton retry {}` does it again, with everything else reused", of.id());
    let (words, hint) = match failure.kind {
        FailureKind::Failed => (format!("it failed: {told}"), again),
        FailureKind::Cancelled => (format!("it was {}", short(&failure.message)), String::new()),
        FailureKind::TimedOut => (format!("its time was over: {told}"), again),
        FailureKind::Limit => (
            format!("it exceeded a limit: {told}"),
            "`baton doctor` lists the limits; --limit NAME=VALUE of `baton run` sets one".into(),
        ),
        FailureKind::Refused => (
            format!("it tried what it may not do and could not go on: {told}"),
            "--grant of `baton run` grants it, if you want that".into(),
        ),
        FailureKind::InvalidOutput => {
            (format!("its output did not fit its schema, however often it tried: {told}"), again)
        }
        FailureKind::InDoubt => (
            format!("nobody knows whether it was done, and it must not be done twice: {told}"),
            "look at what it did outside before you do it again".into(),
        ),
        FailureKind::Internal => (
            format!("Baton itself is at fault: {told}"),
            format!("`baton journal {}` shows what led to it", of.run),
        ),
    };
    let hint = match (of.task.is_root(), failure.kind) {
        // A run as a whole is no task that could be done again.
        (true, FailureKind::Failed | FailureKind::TimedOut | FailureKind::InvalidOutput) => {
            format!("`baton run … --reuse {}` does again only what failed or changed", of.run)
        }
        _ => hint,
    };
    (words, Some(hint).filter(|hint| !hint.is_empty()))
}

/// Why a run is paused, and what makes it go on.
fn paused(reason: &Pause, of: Telling<'_>) -> (String, Option<String>) {
    let CliError::Coded(coded) = pause::error(of.run, reason, of.now) else {
        return (pause::words(reason, of.now), None);
    };
    // The run stands above.
    let run = of.run.as_str();
    let message = coded.message.strip_prefix(run).unwrap_or(&coded.message);
    (format!("it {}", clean(message.trim_start())), coded.hint)
}

fn gate(spec: &GateSpec, due: Option<Timestamp>, of: Telling<'_>) -> (String, Option<String>) {
    let id = of.id();
    let mut text = format!("it waits for a person: \u{201c}{}\u{201d}", short(&spec.question));
    let options = &spec.options;
    if !options.choices.is_empty() {
        let choices: Vec<String> = options.choices.iter().map(|choice| short(choice)).collect();
        text.push_str(&format!("; choices: {}", choices.join(", ")));
    }
    if let Some(due) = due {
        let then = if options.default.is_some() { "the default is taken" } else { "it fails" };
        text.push_str(&format!("; {then} {}", clock(due, of.now)));
    }
    let choice = options
        .choices
        .first()
        .map(|choice| format!(" --choice {}", shell_words::quote(&one_line(choice))));
    let data = if options.schema.is_some() { " --data JSON" } else { "" };
    // Where nobody drives it, an answer alone waits for whoever does next.
    let resume = if of.owned { "" } else { " --resume" };
    let approve = format!("`baton approve {id}{}{data}{resume}`", choice.unwrap_or_default());
    (text, Some(format!("{approve} or `baton reject {id}{resume}`")))
}

/// Why a request was turned down, and what would have let it pass.
fn refused(refusal: &Refusal) -> (String, Option<String>) {
    let Refusal { kind, code, message, hint, capability } = refusal;
    let (message, hint) = (short(message), one_line(hint));
    let code = one_line(code);
    let (lead, own) = match kind {
        RefusalKind::Invalid => ("a request made no sense".to_owned(), String::new()),
        RefusalKind::Denied => {
            let what =
                capability.map_or("it".into(), |capability| format!("`{}`", capability.as_str()));
            let grant = capability.map(|capability| grant(capability, "")).unwrap_or_default();
            (format!("a request was refused, for {what} is not granted"), grant)
        }
        RefusalKind::Limit => (
            "a request was refused, for a limit is reached".to_owned(),
            format!("--limit {code}=N of `baton run` sets another one"),
        ),
        RefusalKind::Budget => (
            "a request was refused, for the workflow's own budget is used up".to_owned(),
            "the workflow is given more by its manifest, a script by --budget".to_owned(),
        ),
        RefusalKind::NotFound => {
            ("a request was refused, for what it names is not there".to_owned(), String::new())
        }
    };
    let hint = if hint.is_empty() { own } else { hint };
    (format!("{lead}: {message} ({code})"), Some(hint).filter(|hint| !hint.is_empty()))
}

/// What would grant a capability, beside what is known already.
fn grant(capability: Capability, known: &str) -> String {
    if !known.is_empty() {
        return known.to_owned();
    }
    match capability {
        Capability::Read => "--root DIR of `baton run` grants a directory to read".into(),
        Capability::Agents | Capability::Workflows => {
            "the manifest of the workflow must ask for it".into()
        }
        other => format!("--grant '{}=PATTERN' of `baton run` grants it", other.as_str()),
    }
}

/// Why a result was not used again.
fn missed(miss: &Miss, run: Option<&RunId>) -> String {
    let at = |from: &TaskPath| match run {
        Some(run) => TaskId { run: run.clone(), path: from.clone() }.to_string(),
        None => format!("/{from}"),
    };
    let list = |all: &[String]| all.iter().map(|one| short(one)).collect::<Vec<_>>().join(", ");
    match miss {
        Miss::New => "nothing like it was asked there".into(),
        Miss::Changed { from, parts } => {
            format!("the nearest call, {}, differs in: {}", at(from), list(parts))
        }
        Miss::Failed { from, code } => {
            format!("the same was asked in {}, and failed ({})", at(from), one_line(code))
        }
        Miss::Unfinished { from } => {
            format!("the same was asked in {}, and never ended", at(from))
        }
        Miss::Excepted { from } => {
            format!("the same was asked in {}, and it was to be done again", at(from))
        }
        Miss::Taken => "all results of the same call went to equal calls before this one".into(),
        Miss::FilesChanged { from, files, more } => {
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            format!("files that {} had read are not the same now: {}{more}", at(from), list(files))
        }
        Miss::UnseenFilesChanged { from } => format!(
            "nobody saw which files {} had read, and the directory is not the same now",
            at(from)
        ),
        Miss::UnknownFiles { from, why } => format!(
            "nobody saw which files {} had read, and whether the directory changed is not known: {}",
            at(from),
            short(why)
        ),
        Miss::TooManyReads { from } => format!("{} had read more than is recorded", at(from)),
        Miss::NoRun { why } => format!("the other run cannot be read: {}", short(why)),
    }
}

/// Whether an outcome has a result.
#[must_use]
pub fn ended(outcome: &Outcome, root: bool) -> Cause {
    match outcome {
        Outcome::Failed(failure) => Cause::Failed(failure.clone()),
        Outcome::Done(handoff) if root => Cause::Done { summary: handoff.summary.clone() },
        Outcome::Done(handoff) => Cause::Ended { summary: handoff.summary.clone() },
    }
}
