//! What an agent hands in.

use baton_core::digest::Digest;
use baton_core::handoff::{Artifact, Evidence, Handoff, LineRange};
use baton_core::json::Json;
use baton_core::limits::RunLimits;
use serde::Deserialize;

use super::builtin::plain;
use super::files::Files;

/// What the tool that hands in takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    output: Json,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    evidence: Vec<Cited>,
    #[serde(default)]
    artifacts: Vec<Text>,
    #[serde(default)]
    follow_ups: Vec<String>,
}

/// A place that a result rests on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cited {
    path: String,
    #[serde(default)]
    lines: Option<LineRange>,
    claim: String,
}

/// A file for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    media_type: String,
    text: String,
}

/// A handoff that was read, with the bytes of its artifacts. Its output has not been held against the
/// schema of the task.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) handoff: Handoff,
    pub(super) artifacts: Vec<Vec<u8>>,
}

/// Reads what was handed in, and looks at every place it cites: the digests are those of the files as
/// they are now. Blocks on the disk.
///
/// # Errors
/// What is wrong with it, for the model.
pub(super) fn read(
    input: &Json,
    files: &Files,
    limits: &RunLimits,
) -> Result<Submitted, Vec<String>> {
    let wrong = |error: serde_json::Error| vec![format!("the submission: {error}")];
    if !input.as_str().trim_start().starts_with('{') {
        return Err(vec!["the submission is not an object".to_owned()]);
    }
    let given: Submission = serde_json::from_str(input.as_str()).map_err(wrong)?;
    let mut errors = Vec::new();
    let output = Json::parse(given.output.as_str(), limits.result_bytes, limits.json_depth)
        .map_err(|error| errors.push(format!("`output`: {error}")))
        .unwrap_or_default();
    let too_many = |what: &str, count: usize| {
        (count as u64 > limits.list_items)
            .then(|| format!("`{what}`: {count} entries; the limit is {}", limits.list_items))
    };
    errors.extend(too_many("evidence", given.evidence.len()));
    errors.extend(too_many("artifacts", given.artifacts.len()));
    errors.extend(too_many("follow_ups", given.follow_ups.len()));
    let too_long = |what: &str, text: &str| {
        (text.len() as u64 > limits.text_bytes).then(|| {
            format!("`{what}`: a text of {} bytes; the limit is {}", text.len(), limits.text_bytes)
        })
    };
    errors.extend(too_long("summary", &given.summary));
    errors.extend(given.follow_ups.iter().filter_map(|text| too_long("follow_ups", text)));
    errors.extend(given.evidence.iter().filter_map(|cited| too_long("evidence", &cited.claim)));
    let named = given.artifacts.iter().flat_map(|file| [&file.name, &file.media_type]);
    errors.extend(named.filter_map(|text| too_long("artifacts", text)));
    let bytes: u64 = given.artifacts.iter().map(|file| file.text.len() as u64).sum();
    if bytes > limits.artifact_bytes {
        let max = limits.artifact_bytes;
        errors.push(format!("`artifacts`: {bytes} bytes together; the limit is {max}"));
    }
    let mut evidence = Vec::new();
    if errors.is_empty() {
        for (number, cited) in given.evidence.into_iter().enumerate() {
            match look(cited, files) {
                Ok(one) => evidence.push(one),
                Err(error) => errors.push(format!("`evidence`, entry {}: {error}", number + 1)),
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let artifacts = given.artifacts.iter().map(|file| Artifact {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        digest: Digest::of(file.text.as_bytes()),
        size: file.text.len() as u64,
    });
    let handoff = Handoff {
        summary: given.summary,
        output,
        evidence,
        artifacts: artifacts.collect(),
        follow_ups: given.follow_ups,
    };
    let artifacts = given.artifacts.into_iter().map(|file| file.text.into_bytes()).collect();
    Ok(Submitted { handoff, artifacts })
}

/// Looks at a cited place.
fn look(cited: Cited, files: &Files) -> Result<Evidence, String> {
    let Cited { path, lines, claim } = cited;
    let path = plain(&path).to_owned();
    let (bytes, digest) = files.read(&path).map_err(|error| error.to_string())?;
    if let Some(LineRange { first, last }) = lines {
        let count = bytes.split_inclusive(|byte| *byte == b'\n').count();
        if first == 0 || last < first || last as usize > count {
            return Err(format!(
                "{path:?} has {count} lines; there are no lines {first} to {last}"
            ));
        }
    }
    Ok(Evidence { path, lines, digest: Some(digest), claim })
}
