//! Gates: questions to people inside a flow.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::handoff::Handoff;
use crate::json::Json;
use crate::limits::RunLimits;
use crate::refusal::Refusal;
use crate::spec::{self, text_fits};

/// Choices of one gate at the most: people read them.
pub const CHOICES_MAX: usize = 64;

/// A gate as it crosses the guest boundary.
#[derive(Clone, Debug)]
pub struct RawGateSpec {
    /// The question, in words.
    pub question: String,
    /// JSON text of the options.
    pub options: String,
    /// What the host found wrong with it, for checks that this crate cannot make: whether the schema
    /// can be read, and whether the default fits it.
    pub problem: Option<String>,
}

/// A question to a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSpec {
    /// The question, in words.
    pub question: String,
    /// Everything else.
    #[serde(default)]
    pub options: GateOptions,
}

/// The documented keys of the options of `gates.ask`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateOptions {
    /// Short name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Title of the phase the gate belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What a person should know to answer, as Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// What can be chosen; empty: only yes or no.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// JSON Schema of the data that an approval carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    /// How long people have, in milliseconds; none: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// The answer at the deadline, see [`GateSpec::default_answer`]; none: the gate fails then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Approved,
    /// No. A clean outcome: the workflow decides what follows.
    Rejected,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateAnswer {
    /// Yes or no.
    pub verdict: Verdict,
    /// Which of the choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Data that fits the gate's schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// In the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl GateAnswer {
    /// Yes, and nothing more.
    #[must_use]
    pub fn approved() -> Self {
        Self { verdict: Verdict::Approved, choice: None, data: None, note: None }
    }

    /// No, and nothing more.
    #[must_use]
    pub fn rejected() -> Self {
        Self { verdict: Verdict::Rejected, ..Self::approved() }
    }

    /// What the workflow gets: a handoff, whatever the verdict.
    #[must_use]
    pub fn handoff(&self, by: &str, defaulted: bool) -> Handoff {
        let approved = self.verdict == Verdict::Approved;
        let data = self.data.as_ref().map_or(Value::Null, Json::value);
        let output = json!({
            "approved": approved,
            "choice": self.choice,
            "data": data,
            "note": self.note,
            "by": by,
            "defaulted": defaulted,
        });
        let word = if approved { "approved" } else { "rejected" };
        let by = if defaulted { "the default at the deadline" } else { by };
        let choice = self.choice.as_deref().map(|choice| format!(": {choice}")).unwrap_or_default();
        Handoff {
            summary: format!("{word} by {by}{choice}"),
            output: Json::from(output),
            ..Handoff::default()
        }
    }
}

/// An answer that does not fit its gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AnswerError(String);

impl GateSpec {
    /// Checks sizes and takes the options apart.
    ///
    /// # Errors
    /// A refusal that names what is wrong.
    pub fn parse(raw: RawGateSpec, limits: &RunLimits) -> Result<Self, Refusal> {
        if raw.question.trim().is_empty() {
            return Err(Refusal::invalid("empty-question", "a gate without a question"));
        }
        text_fits(&raw.question, limits)?;
        let options: GateOptions = spec::options(&raw.options, limits)?;
        for text in [&options.label, &options.phase, &options.details].into_iter().flatten() {
            text_fits(text, limits)?;
        }
        if options.choices.len() > CHOICES_MAX {
            let message = format!("{} choices; the most is {CHOICES_MAX}", options.choices.len());
            return Err(Refusal::invalid("choices", message));
        }
        for (index, choice) in options.choices.iter().enumerate() {
            text_fits(choice, limits)?;
            let again = options.choices.iter().take(index).any(|other| other == choice);
            if choice.trim().is_empty() || again {
                let what = if again { "twice" } else { "empty" };
                let message = format!("choice {} is {what}", index + 1);
                return Err(Refusal::invalid("choices", message));
            }
        }
        if options.deadline_ms.is_some_and(|ms| ms > limits.sleep_ms) {
            let message = format!("a deadline beyond {} ms", limits.sleep_ms);
            return Err(Refusal::limit("run.sleep_ms", message, ""));
        }
        if options.default.is_some() && options.deadline_ms.is_none() {
            let message = "`default` is the answer at the deadline, and there is no `deadline_ms`";
            return Err(Refusal::invalid("default-without-deadline", message));
        }
        let spec = Self { question: raw.question, options };
        if let Err(problem) = spec.default_answer() {
            return Err(Refusal::invalid("default", format!("`default`: {problem}")));
        }
        if let Some(problem) = raw.problem {
            return Err(Refusal::invalid("bad-schema", problem));
        }
        Ok(spec)
    }

    /// The answer at the deadline, if there is one: `true`, `false`, one of the choices (approved), or
    /// an object with `approved` (true where it is not named), `choice`, `data` and `note`.
    ///
    /// # Errors
    /// When the default is nothing of that, or names no choice of the gate.
    pub fn default_answer(&self) -> Result<Option<GateAnswer>, AnswerError> {
        let Some(default) = &self.options.default else { return Ok(None) };
        let wrong = |what: &str| AnswerError(what.to_owned());
        let answer = match default.value() {
            Value::Bool(true) => GateAnswer::approved(),
            Value::Bool(false) => GateAnswer::rejected(),
            Value::String(choice) => GateAnswer { choice: Some(choice), ..GateAnswer::approved() },
            Value::Object(mut fields) => {
                let mut answer = match fields.remove("approved") {
                    None | Some(Value::Bool(true)) => GateAnswer::approved(),
                    Some(Value::Bool(false)) => GateAnswer::rejected(),
                    Some(_) => return Err(wrong("`approved` must be true or false")),
                };
                for (key, slot) in [("choice", &mut answer.choice), ("note", &mut answer.note)] {
                    match fields.remove(key) {
                        None | Some(Value::Null) => {}
                        Some(Value::String(text)) => *slot = Some(text),
                        Some(_) => return Err(AnswerError(format!("`{key}` must be a string"))),
                    }
                }
                answer.data = fields.remove("data").filter(|data| !data.is_null()).map(Json::from);
                if let Some(unknown) = fields.keys().next() {
                    return Err(AnswerError(format!("there is no key `{unknown}`")));
                }
                answer
            }
            _ => return Err(wrong("must be true, false, a choice or an object")),
        };
        self.check(&answer)?;
        Ok(Some(answer))
    }

    /// Whether an answer fits, the schema of its data aside.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, answer: &GateAnswer) -> Result<(), AnswerError> {
        let choices = &self.options.choices;
        let named = || choices.join(", ");
        match &answer.choice {
            Some(choice) if choices.is_empty() => {
                return Err(AnswerError(format!("`{choice}`: the gate has no choices")));
            }
            Some(choice) if !choices.contains(choice) => {
                return Err(AnswerError(format!("`{choice}` is none of: {}", named())));
            }
            None if answer.verdict == Verdict::Approved && !choices.is_empty() => {
                return Err(AnswerError(format!("an approval must choose one of: {}", named())));
            }
            _ => {}
        }
        let wants_data = self.options.schema.is_some();
        match (&answer.data, answer.verdict) {
            (Some(_), Verdict::Approved) if !wants_data => {
                Err(AnswerError("the gate takes no data: it has no schema".into()))
            }
            (None, Verdict::Approved) if wants_data => {
                Err(AnswerError("an approval must carry data that fits the gate's schema".into()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
