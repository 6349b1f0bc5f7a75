//! From findings and verdicts to a report.

use std::ops::Range;

use crate::report::{Challenge, Finding, Report, Summary, Verdict};
use crate::work::{ANSWER_BYTES_MAX, Challenged};

/// Keeps at most `findings_max` findings that together take at most [`ANSWER_BYTES_MAX`] bytes of
/// JSON, the gravest first, and says how many it left out. What is kept is in the order of
/// [`Finding::order`].
#[must_use]
pub fn select(mut findings: Vec<Finding>, findings_max: usize) -> (Vec<Finding>, u64) {
    let found = findings.len();
    findings
        .sort_by(|left, right| (left.severity, left.order()).cmp(&(right.severity, right.order())));
    let mut bytes = 0;
    findings.truncate(findings_max);
    findings.retain(|finding| {
        // A verdict is added to each later.
        bytes += serde_json::to_vec(finding).map_or(0, |json| json.len()) + VERDICT_BYTES;
        bytes <= ANSWER_BYTES_MAX
    });
    findings.sort_by(|left, right| left.order().cmp(&right.order()));
    let omitted = (found - findings.len()) as u64;
    (findings, omitted)
}

/// Room for a verdict in JSON.
const VERDICT_BYTES: usize = 200;
/// Longest reason of a verdict in bytes.
const REASON_BYTES_MAX: usize = 160;

/// Writes the verdicts of one challenger to the findings it was given. Verdicts on what it was not
/// given are passed over.
pub fn judge(findings: &mut [Finding], group: Range<usize>, by: &str, challenged: Challenged) {
    let Some(group) = findings.get_mut(group) else {
        return;
    };
    for judged in challenged.verdicts {
        let Some(finding) = group.get_mut(judged.index as usize) else {
            continue;
        };
        let mut dropped = judged.drop;
        dropped.sort_unstable();
        dropped.dedup();
        for at in dropped.into_iter().rev() {
            if (at as usize) < finding.others.len() {
                finding.others.remove(at as usize);
            }
        }
        finding.challenge = Some(Challenge {
            by: by.into(),
            verdict: judged.verdict,
            reason: crate::text::cut(&judged.reason, REASON_BYTES_MAX).into(),
        });
    }
}

/// The report: findings that stand, findings that were refuted, and the counts of both added to
/// `summary`.
#[must_use]
pub fn report(findings: Vec<Finding>, mut summary: Summary) -> Report {
    let is_refuted = |finding: &Finding| {
        finding.challenge.as_ref().is_some_and(|challenge| challenge.verdict == Verdict::Refuted)
    };
    let (refuted, findings): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(is_refuted);
    summary.findings = findings.len() as u64;
    summary.refuted = refuted.len() as u64;
    summary.unchallenged =
        findings.iter().filter(|finding| finding.challenge.is_none()).count() as u64;
    for finding in &findings {
        *summary.by_kind.entry(finding.kind.name().into()).or_default() += 1;
        *summary.by_severity.entry(finding.severity.name().into()).or_default() += 1;
    }
    Report { summary, findings, refuted }
}
