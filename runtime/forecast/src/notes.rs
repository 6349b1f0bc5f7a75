//! What to know about a forecast, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use baton_core::forecast::Range;

use crate::dry::{AGENTS_MAX, Dry, End, TIME_MAX};
use crate::rates;
use crate::tokens::Counter;

/// Characters of another's words in a note.
const QUOTE_CHARS: usize = 300;

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
    left_out: u32,
    agents: Range,
    outside: f64,
    all: Option<(u64, u64)>,
) -> Vec<String> {
    let mut notes = Vec::new();
    let count = dry.len();
    let failed = dry.iter().filter_map(|dry| match &dry.end {
        End::Failed(why) => Some(why),
        _ => None,
    });
    let failed: Vec<&String> = failed.collect();
    if let Some(why) = failed.first() {
        let why: String = why.chars().take(QUOTE_CHARS).collect();
        notes.push(format!(
            "{} of {count} dry runs failed on answers made from schemas: {why}",
            failed.len()
        ));
    }
    for (what, told) in [("agents", format!("{AGENTS_MAX} agents")), ("time", seconds(TIME_MAX))] {
        let stopped = dry.iter().filter(|dry| dry.end == End::Stopped(what)).count();
        if stopped > 0 {
            notes.push(format!(
                "{stopped} of {count} dry runs did not end within {told}: a loop that no answer ends, or \
                 one that seldom does"
            ));
        }
    }
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
    guesses(dry, &mut notes);
    notes
}

/// What is a guess, and what is missing.
fn guesses(dry: &[Dry], notes: &mut Vec<String>) {
    let accounts = || dry.iter().map(|dry| &dry.account);
    let models = accounts().any(|account| !account.counters.is_empty());
    if models {
        notes.push(format!(
            "no earlier run told what models consume here: an agent that has files or tools is taken to answer \
             {} times, any other once, and half to twice of that",
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
    format!("{} s", time.as_secs())
}
