//! Results that are none.

use serde_json::Value;

use crate::bindings::baton::runtime::types::{Artifact, Evidence, Failure, FailureKind, LineRange};
use crate::{Case, End, handoff};

pub(crate) const CASES: &[Case] = &[
    ("result-no-json", |_| Ok(handoff("{\"half\":".into()))),
    ("result-empty", |_| Ok(handoff(String::new()))),
    ("result-two-values", |_| Ok(handoff("1 2".into()))),
    ("result-lone-surrogate", |_| Ok(handoff("\"\\ud800\"".into()))),
    ("result-infinite-number", |_| Ok(handoff("1e999".into()))),
    ("result-deep", |_| Ok(handoff("[".repeat(100_000) + &"]".repeat(100_000)))),
    ("result-large", |_| Ok(handoff(format!("\"{}\"", "r".repeat(9 << 20))))),
    ("result-beyond-a-call", |_| Ok(handoff(quoted(17 << 20)))),
    ("result-long-summary", long_summary),
    ("result-many-follow-ups", many_follow_ups),
    ("result-million-follow-ups", million_follow_ups),
    ("result-much-evidence", much_evidence),
    ("result-backwards-lines", backwards_lines),
    ("result-forged-digest", forged_digest),
    ("failure-bad-code", |_| failure("Not A Code\n", "{}")),
    ("failure-bad-detail", |_| failure("mine", "[1]")),
    ("failure-detail-no-json", |_| failure("mine", "{")),
    ("claims-to-be-cancelled", |_| claim(FailureKind::Cancelled)),
    ("claims-in-doubt", |_| claim(FailureKind::InDoubt)),
    ("claims-an-internal-error", |_| claim(FailureKind::Internal)),
];

/// A string in JSON, made in no more memory than it needs.
fn quoted(length: usize) -> String {
    let mut text = vec![b'"'; length + 2];
    if let [_, inside @ .., _] = text.as_mut_slice() {
        inside.fill(b'r');
    }
    String::from_utf8(text).unwrap_or_default()
}

fn long_summary(_: &Value) -> End {
    let mut result = handoff("null".into());
    result.summary = "s".repeat(100_000);
    Ok(result)
}

fn follow_ups(count: usize) -> End {
    let mut result = handoff("null".into());
    result.follow_ups = vec![String::new(); count];
    Ok(result)
}

fn many_follow_ups(_: &Value) -> End {
    follow_ups(5_000)
}

fn million_follow_ups(_: &Value) -> End {
    follow_ups(1_000_000)
}

fn evidence(lines: Option<LineRange>) -> Evidence {
    Evidence { path: "a".into(), lines, digest: None, claim: "c".into() }
}

fn much_evidence(_: &Value) -> End {
    let mut result = handoff("null".into());
    result.evidence = (0..5_000).map(|_| evidence(None)).collect();
    Ok(result)
}

fn backwards_lines(_: &Value) -> End {
    let mut result = handoff("null".into());
    result.evidence.push(evidence(Some(LineRange { first: 9, last: 3 })));
    Ok(result)
}

fn forged_digest(_: &Value) -> End {
    let mut result = handoff("null".into());
    result.artifacts.push(Artifact {
        name: "report.md".into(),
        media_type: "text/markdown".into(),
        digest: "sha256:../../../etc/passwd".into(),
        size: 1,
    });
    Ok(result)
}

fn failure(code: &str, detail: &str) -> End {
    let kind = FailureKind::Failed;
    Err(Failure { kind, code: code.into(), message: "m".into(), detail: detail.into() })
}

fn claim(kind: FailureKind) -> End {
    Err(Failure { kind, code: "mine".into(), message: "m".into(), detail: "{}".into() })
}
