//! The answer to a gate while it is filled in.

use baton_core::gate::{GateAnswer, GateSpec, Verdict};
use baton_core::ids::TaskPath;
use baton_core::json::Json;

use super::input::Input;
use crate::watch::key::Key;

/// Bytes of data that are taken.
const DATA_BYTES_MAX: u64 = 1 << 20;
/// How deep data may be nested.
const DATA_DEPTH_MAX: u64 = 64;

/// A part of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Which of the choices.
    Choice,
    /// Data that fits the gate's schema.
    Data,
    /// Words for the workflow.
    Note,
}

/// The answer that is being filled in.
#[derive(Debug)]
pub struct AnswerForm {
    /// The gate.
    pub task: TaskPath,
    /// What is asked.
    pub spec: GateSpec,
    /// Yes or no.
    pub verdict: Verdict,
    /// Which of the choices, by its place.
    pub choice: usize,
    /// JSON text.
    pub data: Input,
    /// Words.
    pub note: Input,
    /// Where keys go.
    pub focus: Field,
    /// Why it cannot be sent as it is.
    pub problem: Option<String>,
}

impl AnswerForm {
    /// An empty answer.
    #[must_use]
    pub fn new(task: TaskPath, spec: GateSpec, verdict: Verdict) -> Self {
        let mut form = Self {
            task,
            spec,
            verdict,
            choice: 0,
            data: Input::default(),
            note: Input::default(),
            focus: Field::Note,
            problem: None,
        };
        form.focus = form.fields().first().copied().unwrap_or(Field::Note);
        form
    }

    /// The parts that this answer has.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let approved = self.verdict == Verdict::Approved;
        let mut fields = Vec::new();
        if approved && !self.spec.options.choices.is_empty() {
            fields.push(Field::Choice);
        }
        if approved && self.spec.options.schema.is_some() {
            fields.push(Field::Data);
        }
        fields.push(Field::Note);
        fields
    }

    /// Takes a key in that is neither Enter nor Escape.
    pub fn key(&mut self, key: &Key) {
        self.problem = None;
        let choices = self.spec.options.choices.len();
        match (key, self.focus) {
            (Key::Tab | Key::Down, _) => self.step(1),
            (Key::BackTab | Key::Up, _) => self.step(-1),
            (Key::Left, Field::Choice) => self.choice = self.choice.saturating_sub(1),
            (Key::Right | Key::Char(' '), Field::Choice) => {
                self.choice = (self.choice + 1).min(choices.saturating_sub(1));
            }
            (Key::Char(letter), Field::Choice) => {
                let place = letter.to_digit(10).and_then(|digit| digit.checked_sub(1));
                if let Some(place) = place.map(|place| place as usize).filter(|at| *at < choices) {
                    self.choice = place;
                }
            }
            (key, Field::Data) => _ = self.data.key(key),
            (key, Field::Note) => _ = self.note.key(key),
            (_, Field::Choice) => {}
        }
    }

    fn step(&mut self, by: isize) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.focus).unwrap_or_default();
        let next = (at.cast_signed() + by).rem_euclid(fields.len().cast_signed()).cast_unsigned();
        self.focus = fields.get(next).copied().unwrap_or(Field::Note);
    }

    /// The answer, if it is one: else the form says what is wrong.
    pub fn answer(&mut self) -> Option<GateAnswer> {
        match self.read() {
            Ok(answer) => Some(answer),
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    fn read(&self) -> Result<GateAnswer, String> {
        let fields = self.fields();
        let has = |field| fields.contains(&field);
        let choice = self.spec.options.choices.get(self.choice);
        let data = self.data.text().trim();
        let data = if has(Field::Data) && !data.is_empty() {
            let read = Json::parse(data, DATA_BYTES_MAX, DATA_DEPTH_MAX);
            Some(read.map_err(|error| format!("the data is no JSON: {error}"))?)
        } else {
            None
        };
        let note = Some(self.note.text().trim().to_owned()).filter(|note| !note.is_empty());
        let answer = GateAnswer {
            verdict: self.verdict,
            choice: choice.filter(|_| has(Field::Choice)).cloned(),
            data,
            note,
        };
        self.spec.check(&answer).map_err(|error| error.to_string())?;
        Ok(answer)
    }
}
