//! Plain text for a terminal.

use std::fmt::Write as _;

use super::{headline, one_line};
use crate::report::{Finding, Report};

/// The report as plain text, without colours and control characters.
#[must_use]
pub fn render_text(report: &Report) -> String {
    let mut text = String::new();
    let mut file = "";
    for finding in &report.findings {
        if finding.place.path != file {
            file = &finding.place.path;
            if !text.is_empty() {
                text.push('\n');
            }
            line(&mut text, file);
        }
        one(&mut text, finding);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    line(&mut text, &headline(report));
    text
}

fn one(text: &mut String, finding: &Finding) {
    let (kind, severity) = (finding.kind.title(), finding.severity.name());
    line(
        text,
        &format!("  {}: {severity}: {kind}: {}", finding.place.lines, one_line(&finding.subject)),
    );
    line(text, &format!("      | {}", one_line(&finding.place.quote)));
    for other in &finding.others {
        line(text, &format!("      also {}:{}", other.path, other.lines));
    }
    line(text, &format!("      {}", one_line(&finding.why)));
    line(text, &format!("      fix: {}", one_line(&finding.fix)));
    match &finding.challenge {
        Some(challenge) => line(
            text,
            &format!("      upheld by {}: {}", challenge.by, one_line(&challenge.reason)),
        ),
        None => line(text, "      not challenged"),
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
