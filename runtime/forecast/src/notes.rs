//! What to know about a forecast, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use baton_core::forecast::Range;

use crate::answer::Kind;
use crate::dry::{AGENTS_MAX, COMPUTING_MAX, Dry, End, Stop, TIME_MAX};
use crate::history::{Past, Rate};
use crate::rates;
use crate::tokens::Counter;

/// Characters of another's words in a note.
const QUOTE_CHARS: usize = 300;
/// What does not end.
const LOOP: &str = "a loop that no answer ends, or one that seldom does";

/// What counted prompts, for people: each with the models it counted for, if there are several.
pub(crate) fn tokenizer(dry: &[Dry]) -> String {
    let mut all: BTreeMap<Counter, BTreeSet<&str>> = BTreeMap::new();
    for (counter, models) in dry.iter().flat_map(|dry| &dry.account.counters) {
        all.entry(*counter).or_default().extend(models.iter().map(String::as_str));
    }
    let alone = all.len() == 1;
    let names = all.into_iter().map(|(counter, models)| {
        let models: Vec<&str> = models.into_iter().collect();
        if alone {
            counter.name().to_owned()
        } else {
            format!("{} ({})", counter.name(), models.join(", "))
        }
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { "none".into() } else { names.join("; ") }
}

/// Everything there is to say.
pub(crate) fn notes(
    dry: &[Dry],
    past: &[Past],
    left_out: usize,
    agents: Range,
    outside: f64,
    all: Option<(u64, u64)>,
) -> Vec<String> {
    let count = dry.len();
    let mut notes = Vec::new();
    ends(dry, &mut notes);
    if left_out > 0 {
        notes.push(format!("{left_out} dry runs were left out: there was no time for them"));
    }
    let limits: BTreeSet<&String> = dry.iter().flat_map(|dry| &dry.limits).collect();
    for limit in limits {
        let times = dry.iter().filter(|dry| dry.limits.contains(limit)).count();
        notes.push(format!("{times} of {count} dry runs came to the limit {limit}"));
    }
    if dry.iter().any(|dry| dry.end == End::Waits) {
        notes.push("it waits for messages of people; what follows them is not known".into());
    }
    if dry.iter().any(|dry| dry.account.gates > 0) {
        notes.push("people are taken to say yes, and the time they take is not counted".into());
    }
    if let Some((least, most)) = all
        && (least < agents.low || most > agents.high)
    {
        let share = (outside * 100.0).round();
        let left = if share > 0.0 {
            format!("; {share} % of what was seen lies outside of the range")
        } else {
            String::new()
        };
        notes.push(format!("answers decide: dry runs had from {least} to {most} agents{left}"));
    }
    performers(dry, &mut notes);
    guesses(dry, &mut notes);
    failures(dry, past, &mut notes);
    notes
}

/// Which dry runs brought nothing, and why.
fn ends(dry: &[Dry], notes: &mut Vec<String>) {
    let count = dry.len();
    let quote = |why: &str| -> String { why.chars().take(QUOTE_CHARS).collect() };
    let said = |fits: fn(&End) -> Option<&String>| -> Vec<&String> {
        dry.iter().filter_map(|dry| fits(&dry.end)).collect()
    };
    let failed = said(|end| match end {
        End::Failed(why) => Some(why),
        _ => None,
    });
    if let Some(why) = failed.first() {
        let told = if dry.iter().any(Dry::ended) {
            ", as the run may that is answered like them; they are not in the figures"
        } else {
            " on answers made from schemas"
        };
        notes.push(format!("{} of {count} dry runs failed{told}: {}", failed.len(), quote(why)));
    }
    let refused = said(|end| match end {
        End::Refused(why) => Some(why),
        _ => None,
    });
    if let Some(why) = refused.first() {
        notes.push(format!(
            "{} of {count} dry runs ended where the run itself would, whatever is answered: {}",
            refused.len(),
            quote(why)
        ));
    }
    let stops = [
        (Stop::Agents, format!("did not end within {AGENTS_MAX} agents: {LOOP}")),
        (Stop::Time, format!("did not end within {}: {LOOP}", seconds(TIME_MAX))),
        (
            Stop::Computing,
            format!(
                "computed for {} without a sign of life, as a loop does that has no end",
                seconds(COMPUTING_MAX)
            ),
        ),
    ];
    for (stop, told) in stops {
        let stopped = dry.iter().filter(|dry| dry.end == End::Stopped(stop)).count();
        if stopped > 0 {
            notes.push(format!("{stopped} of {count} dry runs {told}"));
        }
    }
}

/// What was not performed by those who would, and what was.
fn performers(dry: &[Dry], notes: &mut Vec<String>) {
    let accounts = || dry.iter().map(|dry| &dry.account);
    let mut commands: BTreeMap<Kind, &String> = BTreeMap::new();
    for (kind, command) in accounts().flat_map(|account| &account.commands) {
        commands.entry(*kind).or_insert(command);
    }
    for (kind, command) in commands {
        let command: String = command.chars().take(QUOTE_CHARS).collect();
        notes.push(match kind.told() {
            Some(what) => format!(
                "commands are not run: what `{command}` prints is not known, and taken to be {what}"
            ),
            None => format!("commands are not run: `{command}` succeeds or fails by chance"),
        });
    }
    let looked: BTreeSet<&String> = accounts().flat_map(|account| &account.looked).collect();
    if !looked.is_empty() {
        notes.push(format!(
            "called in the sandbox, as it can do nothing but read: {}",
            list(looked)
        ));
    }
    let tools: BTreeSet<&String> = accounts().flat_map(|account| &account.tools).collect();
    if !tools.is_empty() {
        notes.push(format!("not called, its results are made from its schema: {}", list(tools)));
    }
}

/// Failures of agents, as far as earlier runs tell of them.
fn failures(dry: &[Dry], past: &[Past], notes: &mut Vec<String>) {
    let mut all = Rate::default();
    for rate in past.iter().flat_map(|past| past.rates.values()) {
        all.add(rate);
    }
    if all.failed + all.again > 0 {
        notes.push(format!(
            "of {} agents of earlier runs {} failed, and {} further attempts were made: so it is in the figures",
            all.agents, all.failed, all.again
        ));
    }
    if dry.iter().any(|dry| dry.account.checked > 0) {
        notes.push(format!(
            "no earlier run told how often results pass their check: {} of 10 attempts are taken to",
            (rates::PASSES * 10.0).round()
        ));
    }
}

/// What is a guess, and what is missing.
fn guesses(dry: &[Dry], notes: &mut Vec<String>) {
    let accounts = || dry.iter().map(|dry| &dry.account);
    let models = accounts().any(|account| !account.counters.is_empty());
    if models {
        notes.push(format!(
            "no earlier run told what models consume here: an agent that has files or tools is taken to answer \
             {} times, any other once, half to twice of that, and not to fail",
            rates::TURNS
        ));
    }
    let silent: BTreeSet<&String> = accounts().flat_map(|account| &account.silent).collect();
    if !silent.is_empty() {
        notes.push(format!(
            "{} tells only afterwards what it used: not in tokens and money; {} are taken for each task",
            list(silent),
            seconds(Duration::from_millis(rates::PROGRAM_MS))
        ));
    }
    let unpriced: BTreeSet<&String> = accounts().flat_map(|account| &account.unpriced).collect();
    if !unpriced.is_empty() {
        notes.push(format!("{} has no price: it is not in the money", list(unpriced)));
    }
}

fn list(names: BTreeSet<&String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    names.join(", ")
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
