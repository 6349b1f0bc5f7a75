//! Why a run stopped for a time, and what it takes to go on, in words and as JSON.

mod shape;

use baton_core::budget::Short;
use baton_core::gate::GateSpec;
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::{Outage, Pause};
use baton_engine::OUTAGE_WAIT_MS_MAX;
use jiff::tz::TimeZone;

pub use self::shape::PauseShape;
use crate::codes::Code;
use crate::error::CliError;
use crate::gates::approve;
use crate::shapes::moment;
use crate::text::{count, dollars, duration, one_line};

/// Whether a process that may wait stays for the reset of a provider, from `now` on.
#[must_use]
pub fn waits(reason: &Pause, now: Timestamp) -> bool {
    match reason {
        Pause::Provider { outage, until: Some(until), .. } => {
            outage.passes() && until.since(now) <= OUTAGE_WAIT_MS_MAX
        }
        _ => false,
    }
}

/// Why a run is paused, in a few words.
#[must_use]
pub fn words(reason: &Pause, now: Timestamp) -> String {
    match reason {
        Pause::Cap { cap, short: Some(short) } if is_fan_out(cap, short) => {
            let left = short.cap.saturating_sub(short.spent);
            format!("cap on agents{}: {} would start, {left} may", whose(short), short.needs)
        }
        Pause::Cap { cap, short: None } => format!("cap on {cap} reached"),
        Pause::Cap { cap, short: Some(short) } => format!("cap on {cap}{} reached", whose(short)),
        Pause::Provider { provider, outage, until, .. } => {
            let until = until.map(|until| format!(" until {}", clock(until, now)));
            format!("{provider}: {}{}", outage.as_str(), until.unwrap_or_default())
        }
        Pause::Person { by } => format!("by {by}"),
        Pause::Gate { task, question } => format!("/{task} asks: {}", one_line(question)),
        Pause::Message => "waits for a message".into(),
        Pause::Interrupted => "interrupted".into(),
    }
}

/// What a paused run lacks, as the error of a command that lets go of it.
#[must_use]
pub fn error(run: &RunId, reason: &Pause, now: Timestamp) -> CliError {
    let goes_on = format!("`baton resume {run}` goes on");
    let (code, message, hint) = match reason {
        Pause::Cap { cap, short } => {
            let name = if cap == "wall-time" { "wall time" } else { cap };
            let of = short.as_deref().map(whose).unwrap_or_default();
            let whole = short.as_deref().is_some_and(|short| is_fan_out(cap, short));
            let reached = if whole { "leaves no room" } else { "is reached" };
            let message = format!("{run} is paused: the cap on {name}{of} {reached}");
            let numbers = short.as_deref().map(|short| numbers(cap, short));
            let hint = higher(run, cap, short.as_deref());
            (Code::CapReached, message + &numbers.unwrap_or_default(), hint)
        }
        Pause::Provider { provider, outage, until, message } => {
            let mut text = format!("{run} is paused: {}", out(provider, *outage, *until, now));
            if let Some(until) = until.filter(|until| *until > now) {
                let left = duration(until.since(now));
                text.push_str(&format!(", until {} (in {left})", clock(until, now)));
            }
            if !message.is_empty() {
                text.push_str(&format!(": {}", one_line(message)));
            }
            (Code::ProviderOut, text, mend(run, provider, *outage))
        }
        Pause::Person { by } => {
            (Code::Paused, format!("{run} is paused by {}", one_line(by)), goes_on)
        }
        Pause::Gate { task, question } => {
            let message = format!("{run} waits for an answer: {}", one_line(question));
            let gate = TaskId { run: run.clone(), path: task.clone() };
            let hint = format!("`baton ls --waiting` says how to answer {gate}");
            (Code::Paused, message, hint)
        }
        Pause::Message => (
            Code::Paused,
            format!("{run} waits for a message"),
            format!("`baton send {run} TEXT`, then `baton resume {run}`"),
        ),
        Pause::Interrupted => (
            Code::Interrupted,
            format!("{run} was interrupted"),
            format!("{goes_on}, with --detach in the background"),
        ),
    };
    CliError::new(code, message).hint(hint)
}

/// The same, where it is known what the gate that it may wait for asks.
#[must_use]
pub fn error_at(run: &RunId, reason: &Pause, asked: Option<&GateSpec>, now: Timestamp) -> CliError {
    let error = error(run, reason, now);
    match (reason, asked) {
        (Pause::Gate { task, .. }, Some(spec)) => error.hint(answering(run, task, spec)),
        _ => error,
    }
}

/// How to answer a gate of a run that nobody drives.
fn answering(run: &RunId, task: &TaskPath, spec: &GateSpec) -> String {
    let gate = TaskId { run: run.clone(), path: task.clone() }.to_string();
    let approve = approve(&gate, spec);
    format!(
        "`{approve} --resume` or `baton reject {gate} --resume` goes on; `baton ls --waiting` says \
         what can be answered"
    )
}

/// What to do about a cap.
fn higher(run: &RunId, cap: &str, short: Option<&Short>) -> String {
    let raise = raise(cap, short);
    let of_phase = short.is_some_and(|short| short.phase.is_some());
    match cap {
        // The time of a run is counted from its start or last resume.
        "wall-time" if !of_phase => {
            format!("`baton resume {run}` goes on for as long again; --timeout D sets another time")
        }
        "agents" if short.is_some_and(|short| short.needs > 1) => {
            format!("`baton resume {run} {raise}` lets all of them start; none has")
        }
        "agents" => format!("`baton resume {run} {raise}` lets one more start, a higher cap more"),
        _ if short.is_some_and(|short| short.needs > 0) => {
            format!(
                "`baton resume {run} {raise}` makes room for that, a higher cap for what follows"
            )
        }
        _ => format!("`baton resume {run} {raise}` goes on with a higher cap"),
    }
}

/// What is wrong with a provider, in words; or what was, until a moment that has passed.
#[must_use]
pub fn out(provider: &str, outage: Outage, until: Option<Timestamp>, now: Timestamp) -> String {
    let over = until.filter(|until| *until <= now);
    let verb = |is: &'static str, was: &'static str| if over.is_some() { was } else { is };
    let provider = one_line(provider);
    let text = match outage {
        Outage::Quota => format!("the quota of {provider} {} used up", verb("is", "was")),
        Outage::Auth => format!("{provider} {} not accept the key", verb("does", "did")),
        Outage::Billing => format!("the account at {provider} {} pay", verb("cannot", "could not")),
        Outage::Overload => format!("{provider} {} too much to do", verb("has", "had")),
        Outage::Unreachable => format!("{provider} {} be reached", verb("cannot", "could not")),
    };
    match over {
        Some(until) => format!("{text} until {}", clock(until, now)),
        None => text,
    }
}

/// What to do about it.
fn mend(run: &RunId, provider: &str, outage: Outage) -> String {
    let provider = one_line(provider);
    match outage {
        Outage::Auth => format!(
            "set the key of {provider} (`baton models` says where it comes from), then `baton resume {run}`"
        ),
        Outage::Billing => {
            format!("see to the account at {provider}, then `baton resume {run}`")
        }
        Outage::Quota | Outage::Overload | Outage::Unreachable => {
            format!("`baton resume {run}` asks {provider} again, at any time")
        }
    }
}

/// Whose cap it is, if it is not that of the run.
fn whose(short: &Short) -> String {
    match (&short.phase, &short.task) {
        (Some(phase), _) => format!(" of phase `{}`", one_line(phase)),
        (None, Some(task)) => format!(" of task /{task}"),
        (None, None) => String::new(),
    }
}

/// Whether agents that were asked for together are more than the cap leaves room for.
fn is_fan_out(cap: &str, short: &Short) -> bool {
    cap == "agents" && short.needs > 1
}

fn numbers(cap: &str, short: &Short) -> String {
    let amount = |number| amount(cap, number);
    let (limit, spent) = (amount(short.cap), amount(short.spent));
    match cap {
        "agents" if is_fan_out(cap, short) => {
            let needs = amount(short.needs);
            format!(": {needs} agents would start together, and {spent} of {limit} have started")
        }
        "agents" => format!(": {spent} of {limit} started"),
        "wall-time" => format!(": {spent} of {limit} gone"),
        _ if short.needs == 0 => format!(": {spent} of {limit} spent or held back"),
        _ => {
            // At the most is at the most, also in cents.
            let cents = short.needs.div_ceil(10_000).saturating_mul(10_000);
            let needs = amount(if cap == "cost" { cents } else { short.needs });
            format!(": {spent} of {limit} spent or held back; the next call takes up to {needs}")
        }
    }
}

/// A number of what a cap counts.
fn amount(cap: &str, number: u64) -> String {
    match cap {
        "cost" => dollars(number),
        "wall-time" => duration(number),
        "agents" => number.to_string(),
        _ => format!("{} tokens", count(number)),
    }
}

/// The flag that raises a cap far enough.
fn raise(cap: &str, short: Option<&Short>) -> String {
    let value = short.map(|short| value(cap, enough(short)));
    let name = if cap == "wall-time" { "timeout" } else { cap };
    match short {
        Some(Short { phase: Some(phase), .. }) => {
            let flag = format!("{phase}:{name}={}", value.unwrap_or_default());
            format!("--phase-cap {}", shell_words::quote(&one_line(&flag)))
        }
        Some(Short { task: Some(_), .. }) => {
            format!("--task-cap {name}={}", value.unwrap_or_default())
        }
        _ if cap == "wall-time" => format!("--timeout {}", value.unwrap_or_else(|| "D".into())),
        _ => {
            let open = if cap == "cost" { "USD" } else { "N" };
            format!("--max-{cap} {}", value.unwrap_or_else(|| open.into()))
        }
    }
}

/// The least cap that lets the next call pass; where nobody knows what that takes, twice the cap.
fn enough(short: &Short) -> u64 {
    match short.needs {
        0 => short.cap.max(short.spent).max(1).saturating_mul(2),
        needs => short.spent.saturating_add(needs),
    }
}

/// A cap as it is written on the command line, rounded up.
fn value(cap: &str, number: u64) -> String {
    match cap {
        "cost" => {
            let cents = number.div_ceil(10_000);
            format!("{}.{:02}", cents / 100, cents % 100)
        }
        "wall-time" => format!("{}s", number.div_ceil(1_000)),
        "agents" => number.to_string(),
        _ if number > 10_000 => format!("{}k", number.div_ceil(1_000)),
        _ => number.to_string(),
    }
}

/// The present moment.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default())
}

/// A moment as a clock on the wall shows it, with the day, and the year, where it is another one.
#[must_use]
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    clock_in(at, now, &TimeZone::system())
}

fn clock_in(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = |at: Timestamp| {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        Some(at.to_zoned(zone.clone()))
    };
    match (local(at), local(now)) {
        (Some(at), Some(now)) if at.date() == now.date() => at.strftime("%H:%M:%S").to_string(),
        (Some(at), Some(now)) if at.year() == now.year() => at.strftime("%b %-d %H:%M").to_string(),
        (Some(at), Some(_)) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        _ => moment(at),
    }
}

#[cfg(test)]
mod tests;
