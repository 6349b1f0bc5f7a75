//! Open questions as JSON.

use baton_core::ids::RunId;
use baton_core::json::Json;
use baton_journal::rows::RunRow;
use serde::Serialize;

use super::OpenGate;
use crate::shapes::moment;

/// A gate, of `ls --waiting --json`.
#[derive(Debug, Serialize)]
pub struct GateShape<'a> {
    kind: &'static str,
    gate: String,
    run: &'a RunId,
    name: &'a str,
    owned: bool,
    label: Option<&'a str>,
    phase: Option<&'a str>,
    question: &'a str,
    details: Option<&'a str>,
    choices: &'a [String],
    schema: Option<&'a Json>,
    since: String,
    deadline: Option<String>,
    default: Option<&'a Json>,
    answer: String,
    /// An answer that nobody has taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<&'a str>,
}

impl<'a> GateShape<'a> {
    /// The shape of a gate of a run. `answered`: how, where nobody has taken that answer yet.
    #[must_use]
    pub fn new(row: &'a RunRow, gate: &'a OpenGate, answered: Option<&'a str>) -> Self {
        let options = &gate.spec.options;
        Self {
            kind: "gate",
            gate: gate.id(),
            run: &gate.run,
            name: &gate.name,
            owned: row.owned,
            label: options.label.as_deref(),
            phase: options.phase.as_deref(),
            question: &gate.spec.question,
            details: options.details.as_deref(),
            choices: &options.choices,
            schema: options.schema.as_ref(),
            since: moment(gate.since),
            deadline: gate.due.map(moment),
            default: options.default.as_ref(),
            answer: gate.command(),
            answered,
        }
    }
}

/// A run that waits for a message, of `ls --waiting --json`.
#[derive(Debug, Serialize)]
pub struct MessageShape<'a> {
    kind: &'static str,
    run: &'a RunId,
    name: &'a str,
    owned: bool,
    since: String,
    answer: String,
}

impl<'a> MessageShape<'a> {
    /// The shape of a run.
    #[must_use]
    pub fn new(row: &'a RunRow) -> Self {
        Self {
            kind: "message",
            run: &row.run,
            name: &row.name,
            owned: row.owned,
            since: moment(row.updated),
            answer: format!("baton send {} TEXT", row.run),
        }
    }
}
