//! Markdown.

use std::fmt::Write as _;

use super::{headline, one_line};
use crate::report::{Finding, Report};

/// The report as Markdown: a table of counts, one section for each file, and what was refuted.
#[must_use]
pub fn render_markdown(report: &Report) -> String {
    let mut text = format!("# Audit of documents\n\n{}\n", headline(report));
    if !report.summary.by_severity.is_empty() {
        text.push_str("\n| severity | findings |\n|---|---|\n");
        for (severity, count) in &report.summary.by_severity {
            line(&mut text, &format!("| {severity} | {count} |"));
        }
    }
    let mut file = "";
    for finding in &report.findings {
        if finding.place.path != file {
            file = &finding.place.path;
            line(&mut text, &format!("\n## {}\n", code(file)));
        }
        one(&mut text, finding);
    }
    if !report.refuted.is_empty() {
        text.push_str("\n## Refuted\n\n");
        for finding in &report.refuted {
            let reason = finding.challenge.as_ref().map_or("", |challenge| &challenge.reason);
            line(
                &mut text,
                &format!(
                    "- {} line {}, {}: {} {}",
                    code(&finding.place.path),
                    finding.place.lines,
                    finding.kind.title(),
                    code(&finding.subject),
                    one_line(reason)
                ),
            );
        }
    }
    text
}

fn one(text: &mut String, finding: &Finding) {
    let (kind, severity) = (finding.kind.title(), finding.severity.name());
    let (lines, subject) = (finding.place.lines, code(&finding.subject));
    line(text, &format!("- **line {lines}, {kind}** ({severity}): {subject}"));
    line(text, &format!("  - quote: {}", code(&finding.place.quote)));
    for other in &finding.others {
        line(text, &format!("  - also: {} line {}", code(&other.path), other.lines));
    }
    line(text, &format!("  - why: {}", one_line(&finding.why)));
    line(text, &format!("  - fix: {}", one_line(&finding.fix)));
    match &finding.challenge {
        Some(challenge) => line(
            text,
            &format!("  - challenged by {}, upheld: {}", challenge.by, one_line(&challenge.reason)),
        ),
        None => line(text, "  - not challenged"),
    }
}

/// A code span that no backtick inside can end.
fn code(content: &str) -> String {
    let content = one_line(content);
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("`{content}`") } else { format!("{fence} {content} {fence}") }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
