//! Handoffs: the script's own, and those of its tasks as JSON.

use serde_json::{Value as Json, json};

use crate::bindings::baton::runtime::report::Level;
use crate::bindings::baton::runtime::types::{
    Artifact, Evidence, Failure, FailureKind, Handoff, LineRange,
};
use crate::host;

/// Bytes of a summary, a limit of the contract.
const SUMMARY_BYTES_MAX: usize = 16 << 10;
/// Calls listed by name in one line.
const LISTED_MAX: usize = 20;

/// A handoff with an output and nothing else.
pub fn handoff(summary: String, output: String) -> Handoff {
    Handoff { summary, output, evidence: vec![], artifacts: vec![], follow_ups: vec![] }
}

/// The handoff of a script: what it says of itself, and what became of its calls.
pub fn of_script(counts: &Json, output: String) -> Handoff {
    let own = counts["summary"].as_str().map(|own| format!("{own}\n\n")).unwrap_or_default();
    let counted = summary(counts);
    let room = SUMMARY_BYTES_MAX.saturating_sub(counted.len() + 2);
    let list = |key: &str| counts[key].as_array().cloned().unwrap_or_default();
    Handoff {
        summary: format!("{}{counted}", cut(&own, room)),
        output,
        evidence: list("evidence").iter().map(read_evidence).collect(),
        artifacts: list("artifacts").iter().map(read_artifact).collect(),
        follow_ups: list("followUps")
            .iter()
            .filter_map(|text| text.as_str().map(Into::into))
            .collect(),
    }
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn text(json: &Json, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

fn number(json: &Json) -> u32 {
    json.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX)
}

/// Evidence as the prelude has checked it.
fn read_evidence(json: &Json) -> Evidence {
    let lines = json["lines"].as_object().map(|_| LineRange {
        first: number(&json["lines"]["first"]),
        last: number(&json["lines"]["last"]),
    });
    let digest = json["digest"].as_str().map(Into::into);
    Evidence { path: text(json, "path"), lines, digest, claim: text(json, "claim") }
}

/// An artifact as the prelude has kept it.
fn read_artifact(json: &Json) -> Artifact {
    Artifact {
        name: text(json, "name"),
        media_type: text(json, "mediaType"),
        digest: text(json, "digest"),
        size: json["size"].as_u64().unwrap_or_default(),
    }
}

/// What became of the calls, in a sentence.
pub fn summary(counts: &Json) -> String {
    let number = |key: &str| counts[key].as_u64().unwrap_or_default();
    let mut parts = Vec::new();
    let agents = number("agents");
    let mut calls = plural(agents, "agent");
    if agents > 0 {
        calls.push_str(&format!(": {} ok", number("ok")));
        let nulls = counts["nulls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let total: u64 = nulls.iter().filter_map(|null| null["count"].as_u64()).sum();
        if total > 0 {
            let causes: Vec<String> = nulls
                .iter()
                .map(|null| format!("{} {}", null["cause"].as_str().unwrap_or("?"), null["count"]))
                .collect();
            calls.push_str(&format!(", {total} null ({})", causes.join(", ")));
        }
        if number("rejected") > 0 {
            calls.push_str(&format!(", {} rejected", number("rejected")));
        }
    }
    parts.push(calls);
    for (key, one) in [
        ("workflows", "nested workflow"),
        ("tools", "tool call"),
        ("gates", "question"),
        ("refused", "call refused"),
        ("swallowed", "error swallowed"),
    ] {
        match number(key) {
            0 => {}
            count => parts.push(plural(count, one)),
        }
    }
    let open = counts["open"].as_array().map_or(0, Vec::len) as u64;
    if open > 0 {
        parts.push(format!("{} cancelled at return", plural(open, "call")));
    }
    parts.join("; ")
}

/// `1 error swallowed`, `2 errors swallowed`.
fn plural(count: u64, one: &str) -> String {
    if count == 1 {
        return format!("1 {one}");
    }
    match one.split_once(' ') {
        Some((noun @ ("call" | "error"), rest)) => format!("{count} {noun}s {rest}"),
        _ => format!("{count} {one}s"),
    }
}

/// Lists the calls that are open when the script returns: they will be cancelled.
pub fn report_open(counts: &Json, host: &host::Shared) {
    let open = counts["open"].as_array().map(Vec::as_slice).unwrap_or_default();
    if open.is_empty() {
        return;
    }
    let named: Vec<String> = open
        .iter()
        .take(LISTED_MAX)
        .map(|task| format!("`{}` (task {})", task["label"].as_str().unwrap_or("?"), task["task"]))
        .collect();
    let more = match open.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let calls = plural(open.len() as u64, "call");
    host.log(
        Level::Warn,
        &format!(
            "{calls} still open when the script returned, cancelled: {}{more}",
            named.join(", ")
        ),
    );
}

/// JSON text without halves of surrogate pairs, which JSON of JavaScript can hold and UTF-8 not.
/// They stand there escaped, since pairs stand for themselves.
pub fn sound(text: &str) -> String {
    let mut sound = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        sound.push_str(before);
        let half = escape
            .get(..6)
            .filter(|unit| unit.starts_with("\\ud") || unit.starts_with("\\uD"))
            .filter(|unit| {
                unit.as_bytes()
                    .get(3)
                    .is_some_and(|digit| !digit.is_ascii_digit() || *digit >= b'8')
            });
        let (written, taken) =
            if half.is_some() { ("\\ufffd", 6) } else { (escape.get(..2).unwrap_or(escape), 2) };
        sound.push_str(written);
        rest = escape.get(taken..).unwrap_or_default();
    }
    sound.push_str(rest);
    sound
}

/// A failure as the prelude takes it.
pub fn failure(failure: &Failure) -> Json {
    let detail: Json = serde_json::from_str(&failure.detail).unwrap_or_else(|_| json!({}));
    json!({
        "kind": kind(failure.kind),
        "code": failure.code,
        "message": failure.message,
        "detail": detail,
    })
}

/// What a handoff has beside its output.
pub fn extra(handoff: &Handoff) -> Json {
    json!({
        "summary": handoff.summary,
        "evidence": handoff.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "artifacts": handoff.artifacts.iter().map(|artifact| json!({
            "name": artifact.name,
            "mediaType": artifact.media_type,
            "digest": artifact.digest,
            "size": artifact.size,
        })).collect::<Vec<_>>(),
        "followUps": handoff.follow_ups,
    })
}

fn evidence(evidence: &Evidence) -> Json {
    json!({
        "path": evidence.path,
        "lines": evidence.lines.map(|lines| json!({ "first": lines.first, "last": lines.last })),
        "digest": evidence.digest,
        "claim": evidence.claim,
    })
}

fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Failed => "failed",
        FailureKind::Cancelled => "cancelled",
        FailureKind::TimedOut => "timed-out",
        FailureKind::Limit => "limit",
        FailureKind::Refused => "refused",
        FailureKind::InvalidOutput => "invalid-output",
        FailureKind::InDoubt => "in-doubt",
        FailureKind::Internal => "internal",
    }
}

#[cfg(test)]
mod tests;
