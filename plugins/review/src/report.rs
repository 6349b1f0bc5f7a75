//! The result of a review.

use std::fmt::Write as _;

use baton_guest::patterns::Ruling;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::Change;
use crate::finding::{Finding, Raw, Severity};

/// What the review comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stands against the change.
    Approve,
    /// Something is worth a look, or the review is not complete.
    Comment,
    /// Something grave stands.
    RequestChanges,
}

impl Verdict {
    /// The words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Comment => "comment",
            Self::RequestChanges => "request changes",
        }
    }
}

/// What the workflow returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// What was reviewed.
    pub change: String,
    /// Files that were reviewed.
    pub files: Vec<String>,
    /// Lines that are new, and lines that are gone.
    pub additions: usize,
    /// Lines that are gone.
    pub deletions: usize,
    /// What it comes to.
    pub verdict: Verdict,
    /// Whether every file was reviewed under every concern, and every finding challenged.
    pub complete: bool,
    /// What stands, the gravest first; where challengers disagree, `ruling` says so.
    pub findings: Vec<Finding>,
    /// What challengers refuted.
    pub refuted: Vec<Finding>,
    /// What quotes lines that are nowhere in the change or its files.
    pub unfounded: Vec<Raw>,
    /// Findings beyond the limit, not challenged and not shown.
    pub omitted: usize,
    /// Files that were not reviewed, and why.
    pub skipped: Vec<(String, String)>,
    /// Reviewers and challengers that brought nothing, and why.
    pub failed: Vec<(String, String)>,
}

impl Report {
    /// A report before anything is found.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        Self {
            change: change.title.clone(),
            files: change.parts.iter().map(|part| part.path.clone()).collect(),
            additions: change.parts.iter().map(|part| part.additions).sum(),
            deletions: change.parts.iter().map(|part| part.deletions).sum(),
            verdict: Verdict::Approve,
            complete: true,
            findings: Vec::new(),
            refuted: Vec::new(),
            unfounded: Vec::new(),
            omitted: 0,
            skipped: change.skipped.clone(),
            failed: Vec::new(),
        }
    }

    /// Sorts the findings, and says what they come to.
    pub fn conclude(&mut self, findings: Vec<Finding>) {
        let refuted = |finding: &Finding| finding.ruling == Some(Ruling::Refuted);
        (self.refuted, self.findings) = findings.into_iter().partition(refuted);
        for list in [&mut self.findings, &mut self.refuted] {
            list.sort_by(|a, b| {
                (a.severity, &a.path, a.lines).cmp(&(b.severity, &b.path, b.lines))
            });
        }
        self.complete = self.failed.is_empty() && self.omitted == 0;
        let grave = self.findings.iter().any(|finding| finding.severity < Severity::Low);
        self.verdict = if grave {
            Verdict::RequestChanges
        } else if !self.findings.is_empty() || !self.complete {
            Verdict::Comment
        } else {
            Verdict::Approve
        };
    }

    /// The result in a sentence or two.
    #[must_use]
    pub fn headline(&self) -> String {
        let count = |severity| self.findings.iter().filter(|one| one.severity == severity).count();
        let mut text = format!(
            "{}: {} findings in {} files (high {}, medium {}, low {}); {} refuted.",
            self.verdict.name(),
            self.findings.len(),
            self.files.len(),
            count(Severity::High),
            count(Severity::Medium),
            count(Severity::Low),
            self.refuted.len(),
        );
        if !self.complete {
            let _ = write!(
                text,
                " NOT COMPLETE: {} agents brought nothing, {} findings are left out.",
                self.failed.len(),
                self.omitted
            );
        }
        text
    }

    /// The report for people.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# Review of {}\n\n{}\n", self.change, self.headline());
        let _ =
            writeln!(out, "\n{} files, +{} −{}", self.files.len(), self.additions, self.deletions);
        for finding in &self.findings {
            section(&mut out, finding);
        }
        list(&mut out, "Refuted", &self.refuted, |finding| {
            let reason = finding.challenges.iter().find(|challenge| challenge.refuted);
            let reason = reason.map_or("", |challenge| challenge.reason.as_str());
            format!("{}:{} {}: {reason}", finding.path, finding.lines.first, finding.title)
        });
        list(&mut out, "Quotes nothing that is there", &self.unfounded, |raw| {
            format!("{}:{} {}", raw.path, raw.line, raw.title)
        });
        list(&mut out, "Not reviewed", &self.skipped, |(path, why)| format!("`{path}`: {why}"));
        list(&mut out, "Brought nothing", &self.failed, |(who, why)| format!("{who}: {why}"));
        out
    }
}

fn section(out: &mut String, finding: &Finding) {
    let Finding { title, severity, path, lines, quote, why, fix, .. } = finding;
    let ruling = match finding.ruling {
        Some(Ruling::Holds) => "challenged, and holds",
        Some(_) => "challengers disagree",
        None => "not challenged",
    };
    let concerns = finding.concerns.join(", ");
    let _ = write!(
        out,
        "\n## {}: {title}\n\n`{path}:{}` · {concerns} · {ruling}\n\n",
        severity.name(),
        lines.first
    );
    for line in quote.lines() {
        let _ = writeln!(out, "    {line}");
    }
    let _ = write!(out, "\n{why}\n\n**Fix:** {fix}\n");
    for challenge in &finding.challenges {
        let side = if challenge.refuted { "against it" } else { "for it" };
        let _ = writeln!(out, "- {side}: {}", challenge.reason);
    }
}

fn list<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    let _ = write!(out, "\n## {title}\n\n");
    for item in items {
        let _ = writeln!(out, "- {}", line(item));
    }
}
