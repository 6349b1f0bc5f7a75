//! The conversation about one gate: lines in, an answer out.

use baton_core::gate::{GateAnswer, GateSpec, Verdict};
use baton_core::limits::RunLimits;

use crate::codes::Code;
use crate::error::CliError;
use crate::gates::{check, data};
use crate::text::one_line;

/// What parts an answer from a note.
const NOTE: &str = ": ";

/// The conversation about one gate.
#[derive(Debug)]
pub struct Dialog {
    spec: GateSpec,
    limits: RunLimits,
    /// The answer that lacks its data.
    lacking: Option<GateAnswer>,
}

/// What a line comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something more is needed.
    More,
    /// It cannot be used; why.
    Again(String),
    /// The answer.
    Answer(GateAnswer),
    /// The person does not want to answer now.
    Later,
}

impl Dialog {
    /// A conversation about a gate of a run with these limits.
    #[must_use]
    pub fn new(spec: GateSpec, limits: RunLimits) -> Self {
        Self { spec, limits, lacking: None }
    }

    /// What can be answered now, on one line.
    #[must_use]
    pub fn prompt(&self) -> String {
        if self.lacking.is_some() {
            return "data as JSON (Enter: not now)".into();
        }
        let choices = &self.spec.options.choices;
        let mut words: Vec<String> = (1..)
            .zip(choices)
            .map(|(number, choice): (usize, _)| format!("{number} {}", one_line(choice)))
            .collect();
        if words.is_empty() {
            words.push("y yes".into());
        }
        words.push("n no".into());
        format!("{} (`n: why` adds a note; Enter: not now)", words.join(" · "))
    }

    /// Takes in a line.
    pub async fn hear(&mut self, line: &str) -> Turn {
        let line = line.trim();
        if line.is_empty() {
            self.lacking = None;
            return Turn::Later;
        }
        if let Some(answer) = &self.lacking {
            return match data(line, &self.limits) {
                Ok(data) => self.checked(GateAnswer { data: Some(data), ..answer.clone() }).await,
                Err(error) => Turn::Again(told(&error)),
            };
        }
        let Some(answer) = self.answer(line) else {
            return Turn::Again(format!("`{}` is no answer to that", one_line(line)));
        };
        if answer.verdict == Verdict::Approved && self.spec.options.schema.is_some() {
            self.lacking = Some(answer);
            return Turn::More;
        }
        self.checked(answer).await
    }

    async fn checked(&self, answer: GateAnswer) -> Turn {
        match check(&self.spec, &answer).await {
            Ok(()) => Turn::Answer(answer),
            Err(error) => Turn::Again(told(&error)),
        }
    }

    /// A line as an answer without data. A choice may look like an answer with a note.
    fn answer(&self, line: &str) -> Option<GateAnswer> {
        self.word(line).or_else(|| {
            let (word, note) = line.split_once(NOTE)?;
            let note = note.trim();
            let note = (!note.is_empty()).then(|| note.to_owned());
            Some(GateAnswer { note, ..self.word(word)? })
        })
    }

    fn word(&self, word: &str) -> Option<GateAnswer> {
        let word = word.trim();
        let choices = &self.spec.options.choices;
        let chosen =
            |choice: &String| GateAnswer { choice: Some(choice.clone()), ..GateAnswer::approved() };
        if let Some(choice) = choices.iter().find(|choice| *choice == word) {
            return Some(chosen(choice));
        }
        if let Ok(number) = word.parse::<usize>() {
            return choices.get(number.checked_sub(1)?).map(chosen);
        }
        match word.to_ascii_lowercase().as_str() {
            "y" | "yes" | "approve" => Some(GateAnswer::approved()),
            "n" | "no" | "reject" => Some(GateAnswer::rejected()),
            lower => choices.iter().find(|choice| choice.to_ascii_lowercase() == lower).map(chosen),
        }
    }
}

/// An error on one line, without the flags that its hint names.
fn told(error: &CliError) -> String {
    debug_assert!(error.code() == Some(Code::Answer), "only answers are checked");
    one_line(&error.sentence())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use baton_core::gate::GateOptions;
    use baton_core::json::Json;
    use serde_json::{Value, json};

    use super::*;

    fn dialog(options: Value) -> Dialog {
        let options: GateOptions = serde_json::from_value(options).unwrap();
        let spec = GateSpec { question: "Ship it?".into(), options };
        Dialog::new(spec, RunLimits::default())
    }

    fn noted(answer: GateAnswer, note: &str) -> Turn {
        Turn::Answer(GateAnswer { note: Some(note.into()), ..answer })
    }

    fn chosen(choice: &str) -> GateAnswer {
        GateAnswer { choice: Some(choice.into()), ..GateAnswer::approved() }
    }

    #[tokio::test]
    async fn yes_and_no_with_and_without_a_note() {
        for (line, turn) in [
            ("y", Turn::Answer(GateAnswer::approved())),
            (" YES \n", Turn::Answer(GateAnswer::approved())),
            ("no", Turn::Answer(GateAnswer::rejected())),
            ("n: too early", noted(GateAnswer::rejected(), "too early")),
            ("approve: go: now", noted(GateAnswer::approved(), "go: now")),
            ("", Turn::Later),
            ("  ", Turn::Later),
        ] {
            assert_eq!(dialog(json!({})).hear(line).await, turn, "{line:?}");
        }
        for line in ["maybe", "1", "ye", "note: yes"] {
            assert!(matches!(dialog(json!({})).hear(line).await, Turn::Again(_)), "{line:?}");
        }
    }

    #[tokio::test]
    async fn a_choice_is_named_by_its_number_or_itself() {
        let options = json!({ "choices": ["staging", "no: wait", "3"] });
        for (line, turn) in [
            ("1", Turn::Answer(chosen("staging"))),
            ("Staging", Turn::Answer(chosen("staging"))),
            ("staging: after lunch", noted(chosen("staging"), "after lunch")),
            ("no: wait", Turn::Answer(chosen("no: wait"))),
            ("no: never", noted(GateAnswer::rejected(), "never")),
            ("3", Turn::Answer(chosen("3"))),
        ] {
            assert_eq!(dialog(options.clone()).hear(line).await, turn, "{line:?}");
        }
        for line in ["0", "4", "y", "production"] {
            assert!(matches!(dialog(options.clone()).hear(line).await, Turn::Again(_)), "{line:?}");
        }
    }

    #[tokio::test]
    async fn data_is_asked_for_until_it_fits() {
        let mut dialog = dialog(json!({ "schema": { "type": "integer" } }));
        assert_eq!(dialog.hear("y: as said").await, Turn::More);
        assert!(dialog.prompt().starts_with("data as JSON"));
        assert!(matches!(dialog.hear("{").await, Turn::Again(_)));
        assert!(matches!(dialog.hear("\"5\"").await, Turn::Again(_)));
        let Turn::Answer(answer) = dialog.hear("5").await else { panic!("no answer") };
        assert_eq!(answer.data, Some(Json::from(json!(5))));
        assert_eq!(answer.note.as_deref(), Some("as said"));
    }

    #[tokio::test]
    async fn no_takes_no_data_and_later_forgets_what_was_said() {
        let options = json!({ "schema": { "type": "integer" } });
        assert_eq!(dialog(options.clone()).hear("n").await, Turn::Answer(GateAnswer::rejected()));
        let mut dialog = dialog(options);
        assert_eq!(dialog.hear("y").await, Turn::More);
        assert_eq!(dialog.hear("").await, Turn::Later);
        assert!(dialog.prompt().starts_with("y yes"));
    }
}
