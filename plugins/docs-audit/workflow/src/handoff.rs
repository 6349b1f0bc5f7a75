//! The handoff of an audit.

use baton_guest::prelude::*;
use docs_audit_analysis::render::headline;
use docs_audit_analysis::{Finding, Report, render_markdown};

/// Entries of evidence at the most; the output names the rest.
const EVIDENCE_MAX: usize = 1_000;
/// Name of the report among the artifacts.
const ARTIFACT: &str = "docs-audit.md";

/// A handoff with the report as output and as an artifact for people.
pub fn write(cx: &Cx, report: Report) -> Result<Handoff<Report>> {
    let summary = headline(&report);
    let markdown = render_markdown(&report);
    let artifact = cx.report().artifact(ARTIFACT, "text/markdown", markdown.as_bytes())?;
    let evidence: Vec<Evidence> = report.findings.iter().take(EVIDENCE_MAX).map(evidence).collect();
    Ok(Handoff::new(report).summary(summary).evidence(evidence).artifact(artifact))
}

fn evidence(finding: &Finding) -> Evidence {
    let place = &finding.place;
    let claim = format!("{}: {}", finding.kind.title(), finding.subject);
    let cited = Evidence::lines(&place.path, place.lines.first, place.lines.last, claim);
    if place.digest.is_empty() { cited } else { cited.digest(&place.digest) }
}
