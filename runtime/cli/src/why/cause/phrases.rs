//! Parts of sentences: bounded, and on one line.

use baton_core::handoff::Failure;
use baton_core::ids::Timestamp;

use super::Name;
use crate::pause::{self, clock};
use crate::text::{duration, fit, one_line};
use crate::why::story::PutOff;

/// Characters of a question, message or failure in a sentence.
const TEXT_MAX: usize = 300;

/// Names of tasks in one sentence.
const NAMED_MAX: usize = 8;

pub(super) fn short(text: &str) -> String {
    fit(&one_line(text), TEXT_MAX)
}

pub(super) fn after_colon(text: &str) -> String {
    let text = short(text);
    if text.is_empty() { text } else { format!(": {text}") }
}

pub(super) fn names(all: &[Name]) -> String {
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

pub(super) fn told(failure: &Failure) -> String {
    format!("{} ({})", short(&failure.message), one_line(&failure.code))
}

pub(super) fn out(put_off: &PutOff, now: Timestamp) -> String {
    let PutOff { provider, outage, until } = put_off;
    let ends = match until {
        Some(until) if *until > now => {
            format!(" until {}, in {}", clock(*until, now), duration(until.since(now)))
        }
        Some(_) => String::new(),
        None => ", and nobody knows until when".into(),
    };
    format!("{}{ends}", pause::out(provider, *outage, *until, now))
}
