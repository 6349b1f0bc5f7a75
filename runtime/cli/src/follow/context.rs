//! What a follow-up knows of the finished run.

use baton_core::handoff::{Handoff, Outcome};
use baton_core::record::RunStarted;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::WORKFLOW;
use crate::text::bytes;

/// Bytes of the finished run's output, input, and lists that are handed on.
const OUTPUT_BYTES_MAX: usize = 128 << 10;
/// The same of its input.
const INPUT_BYTES_MAX: usize = 32 << 10;
/// The same of an earlier answer.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// Earlier messages that are handed on; the last ones.
const EARLIER_MAX: usize = 16;
/// Pieces of evidence, files and follow-ups that are handed on.
const LISTED_MAX: usize = 200;

/// The input of the workflow `follow-up`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Context {
    message: String,
    run: String,
    workflow: String,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    handoff: Value,
    #[serde(default)]
    failure: Option<String>,
    #[serde(default)]
    left_out: Vec<String>,
    #[serde(default)]
    earlier: Vec<Exchange>,
}

/// A message and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Exchange {
    message: String,
    #[serde(default)]
    answer: String,
}

impl Context {
    /// What is known of a run that ended so, for a message to it. Of a follow-up: what it knew, and
    /// its answer as the last one.
    #[must_use]
    pub fn of(started: &RunStarted, outcome: &Outcome, message: &str) -> Self {
        if started.follows.is_some()
            && started.name() == WORKFLOW
            && let Ok(known) = serde_json::from_value::<Self>(started.input.value())
        {
            return known.answered(outcome, message);
        }
        let mut left_out = Vec::new();
        let input = fitting(started.input.as_str(), INPUT_BYTES_MAX, "input", &mut left_out);
        let handoff = outcome.handoff().map(|handoff| self::handoff(handoff, &mut left_out));
        Self {
            message: message.into(),
            run: started.run.to_string(),
            workflow: started.name().into(),
            input,
            handoff: handoff.unwrap_or_default(),
            failure: outcome.failure().map(ToString::to_string),
            left_out,
            earlier: Vec::new(),
        }
    }

    fn answered(self, outcome: &Outcome, message: &str) -> Self {
        let mut earlier = self.earlier;
        earlier.push(Exchange { message: self.message, answer: answer(outcome) });
        let first = earlier.len().saturating_sub(EARLIER_MAX);
        Self { message: message.into(), earlier: earlier.split_off(first), ..self }
    }

    /// As the input of a run.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn answer(outcome: &Outcome) -> String {
    let text = match outcome {
        Outcome::Failed(failure) => format!("There was no answer: {failure}"),
        Outcome::Done(handoff) => match handoff.output.value() {
            Value::String(text) => text,
            Value::Null => handoff.summary.clone(),
            other => other.to_string(),
        },
    };
    begin(&text, ANSWER_BYTES_MAX).to_owned()
}

fn handoff(handoff: &Handoff, left_out: &mut Vec<String>) -> Value {
    let Handoff { summary, output, evidence, artifacts, follow_ups } = handoff;
    let output = fitting(output.as_str(), OUTPUT_BYTES_MAX, "output", left_out);
    for (name, count) in
        [("evidence", evidence.len()), ("files", artifacts.len()), ("follow-ups", follow_ups.len())]
    {
        if count > LISTED_MAX {
            left_out.push(format!("{} of {count} {name}", count - LISTED_MAX));
        }
    }
    let evidence: Vec<Value> = evidence
        .iter()
        .take(LISTED_MAX)
        .map(|it| json!({ "path": it.path, "lines": it.lines, "claim": it.claim }))
        .collect();
    let artifacts: Vec<Value> = artifacts
        .iter()
        .take(LISTED_MAX)
        .map(|it| json!({ "name": it.name, "media_type": it.media_type, "size": it.size }))
        .collect();
    let follow_ups: Vec<&String> = follow_ups.iter().take(LISTED_MAX).collect();
    json!({
        "summary": summary,
        "output": output,
        "evidence": evidence,
        "artifacts": artifacts,
        "follow_ups": follow_ups,
    })
}

/// JSON as it is, or the beginning of its text where it is too long.
fn fitting(text: &str, max: usize, name: &str, left_out: &mut Vec<String>) -> Value {
    if text.len() <= max {
        return serde_json::from_str(text).unwrap_or_default();
    }
    let kept = begin(text, max);
    let missing = bytes((text.len() - kept.len()) as u64);
    left_out.push(format!("the last {missing} of its {name}"));
    Value::String(kept.to_owned())
}

fn begin(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}
