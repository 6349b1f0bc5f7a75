//! What a record may hold: nothing larger than whoever made it could have put there.

use baton_core::limits::RunLimits;
use baton_core::record::{Body, Record, Work};
use baton_core::report::Report;
use baton_core::run::MESSAGE_BYTES_MAX;

/// What of a record is larger than it can be, in words: the place, its size and the limit.
pub(super) fn too_large(record: &Record, limits: &RunLimits) -> Option<String> {
    let said = |text: &str| text.len() as u64;
    let json = |json: &baton_core::json::Json| said(json.as_str());
    let (place, size, max) = match &record.body {
        Body::Messaged { text, .. } => ("message", said(text), MESSAGE_BYTES_MAX as u64),
        Body::RestartOrdered { note: Some(note), .. } => {
            ("note", said(note), MESSAGE_BYTES_MAX as u64)
        }
        Body::Reported { report, .. } | Body::AgentReported { report, .. } => match report {
            Report::Log { text, .. } => ("line", said(text), limits.log_line_bytes),
            Report::Phase { title } => ("phase", said(title), limits.log_line_bytes),
            Report::Progress { .. } | Report::Artifact(_) => return None,
        },
        Body::Spawned { work, .. } | Body::Called { work, .. } => match &**work {
            Work::Agent { spec, .. } if said(&spec.prompt) > limits.prompt_bytes => {
                ("prompt", said(&spec.prompt), limits.prompt_bytes)
            }
            Work::Agent { spec, .. } => {
                let largest = spec.input.iter().chain(&spec.schema).map(json).max();
                ("input or schema", largest.unwrap_or_default(), limits.json_bytes)
            }
            Work::Tool { spec, .. } => ("input", json(&spec.input), limits.json_bytes),
            Work::Workflow { spec, .. } => ("input", json(&spec.input), limits.json_bytes),
            Work::Gate { spec, .. } => ("question", said(&spec.question), limits.text_bytes),
            Work::Sleep { .. } => return None,
        },
        _ => return None,
    };
    (size > max).then(|| format!("has a {place} of {size} bytes; {max} are the limit"))
}
