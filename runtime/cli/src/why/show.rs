//! Findings as text for people and as JSON.

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::record::Pause;
use serde::Serialize;

use super::{Cause, Finding, Standing, Telling};
use crate::output::{BOLD, DIM, GOOD};
use crate::text::{clean, paint, wrap};

/// Records that one statement names.
const RECORDS_MAX: usize = 6;

/// An answer, of `why --json`.
#[derive(Debug, Serialize)]
pub struct WhyShape<'a> {
    run: &'a RunId,
    task: Option<String>,
    state: &'static str,
    findings: Vec<FindingShape>,
}

#[derive(Debug, Serialize)]
struct FindingShape {
    cause: &'static str,
    task: Option<String>,
    text: String,
    hint: Option<String>,
    records: Vec<u64>,
}

impl<'a> WhyShape<'a> {
    /// The shape of what was found of a run, or of one of its tasks. `state`: what it is in, in a
    /// word.
    #[must_use]
    pub fn new(
        standing: &'a Standing,
        about: &TaskPath,
        state: &'static str,
        findings: &[Finding],
    ) -> Self {
        let id = |path: &TaskPath| {
            let id = TaskId { run: standing.run.clone(), path: path.clone() };
            (!path.is_root()).then(|| id.to_string())
        };
        let shape = |finding: &Finding| {
            let (text, hint) = finding.cause.words(telling(standing, about, &finding.task));
            let records = finding.records.clone();
            FindingShape {
                cause: finding.cause.code(),
                task: id(&finding.task),
                text,
                hint,
                records,
            }
        };
        let findings = findings.iter().map(shape).collect();
        Self { run: &standing.run, task: id(about), state, findings }
    }
}

fn telling<'a>(standing: &'a Standing, about: &'a TaskPath, task: &'a TaskPath) -> Telling<'a> {
    Telling { run: &standing.run, task, about, owned: standing.owned, now: standing.now }
}

/// What was found as lines: a statement, the records behind it, and what to do about it. Statements
/// about another task than `about` begin with it.
#[must_use]
pub fn text(standing: &Standing, about: &TaskPath, findings: &[Finding], columns: usize) -> String {
    let mut out = String::new();
    let mut paragraph = |lead: &str, text: &str, style: anstyle::Style| {
        let room = columns.saturating_sub(lead.chars().count());
        let mut lead = lead.to_owned();
        for line in text.lines().flat_map(|line| wrap(line, room)) {
            out.push_str(&format!("{lead}{}\n", paint(style, line.trim_end())));
            lead = " ".repeat(lead.chars().count());
        }
    };
    for finding in findings.iter().filter(|finding| !is_told_by_gate(finding, findings)) {
        let (text, hint) = finding.cause.words(telling(standing, about, &finding.task));
        let subject =
            if finding.task == *about { String::new() } else { format!("/{}: ", finding.task) };
        let text = format!("{subject}{}{}", clean(&text), records(&finding.records));
        paragraph("  ", &text, anstyle::Style::new());
        if let Some(hint) = hint {
            paragraph("    → ", &clean(&hint), GOOD);
        }
    }
    if findings.is_empty() {
        paragraph("  ", "its records say nothing more of it", DIM);
    }
    out
}

/// Whether the gate that a run is paused for is among what was found, and says the same and more.
fn is_told_by_gate(finding: &Finding, findings: &[Finding]) -> bool {
    let Cause::Paused(Pause::Gate { task, .. }, _) = &finding.cause else { return false };
    findings.iter().any(|other| other.task == *task && matches!(other.cause, Cause::Gate { .. }))
}

/// The name of what is asked about, and its state, for the first line.
#[must_use]
pub fn heading(
    id: &str,
    label: Option<&str>,
    (sign, word, style): (&str, &str, anstyle::Style),
) -> String {
    let label = label.map(crate::text::one_line).unwrap_or_default();
    let label = if label.is_empty() { label } else { format!(" {label}") };
    format!("{} {}{label} {}\n", paint(style, sign), paint(BOLD, id), paint(style, word))
}

fn records(all: &[u64]) -> String {
    let named = all.iter().take(RECORDS_MAX).map(ToString::to_string).collect::<Vec<_>>();
    let more = if all.len() > RECORDS_MAX { ", …" } else { "" };
    match named.as_slice() {
        [] => String::new(),
        [one] => format!(" (record {one})"),
        _ => format!(" (records {}{more})", named.join(", ")),
    }
}
