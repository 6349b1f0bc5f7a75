//! What records may hold: nothing larger than whoever made them could have put there, and nothing larger
//! than usual unless the person says so.

use baton_core::limits::RunLimits;
use baton_core::record::{Body, Record, Work};
use baton_core::report::Report;
use baton_core::run::MESSAGE_BYTES_MAX;

/// What the records of one file are held to.
pub(super) struct Sizes {
    /// The limits that the file names for its run.
    own: RunLimits,
    /// Those of them that hold without a question.
    usual: RunLimits,
    tasks: u64,
}

/// What of a record is too large, in words.
pub(super) enum Beyond {
    /// It does not even fit what the file says of itself.
    Own(String),
    /// The file raised a limit for it.
    Usual(String),
}

impl Sizes {
    /// `raised`: whether the file may name limits that are higher than usual.
    pub(super) fn new(own: RunLimits, raised: bool) -> Self {
        let usual = if raised { own } else { own.lowered() };
        Self { own, usual, tasks: 0 }
    }

    /// Takes the next record; none: it fits.
    pub(super) fn look(&mut self, record: &Record) -> Option<Beyond> {
        self.tasks += u64::from(matches!(record.body, Body::Spawned { .. } | Body::Called { .. }));
        let tasks = self.tasks;
        let beyond =
            |limits: &RunLimits| too_large(record, limits).or_else(|| too_many(tasks, limits));
        beyond(&self.own).map(Beyond::Own).or_else(|| beyond(&self.usual).map(Beyond::Usual))
    }
}

/// Tasks live in memory while their run does.
fn too_many(tasks: u64, limits: &RunLimits) -> Option<String> {
    (tasks > limits.tasks).then(|| format!("asks for task {tasks}; {} are the limit", limits.tasks))
}

/// What of a record is larger than it can be: the place, its size and the limit.
fn too_large(record: &Record, limits: &RunLimits) -> Option<String> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::limits::LimitRow;
    use serde_json::{Value, json};

    use super::*;

    fn usual(field: &str) -> usize {
        let is_it = |row: &&LimitRow| row.name == format!("run.{field}");
        usize::try_from(RunLimits::ROWS.iter().find(is_it).unwrap().default).unwrap()
    }

    /// What is said of records with these bodies, of which the last may be too large.
    fn looked(mut sizes: Sizes, bodies: impl IntoIterator<Item = Value>) -> &'static str {
        let mut said = "fits";
        for (seq, body) in (1_u64..).zip(bodies) {
            let record = serde_json::from_value(json!({ "seq": seq, "at": seq, "body": body }));
            said = match sizes.look(&record.unwrap()) {
                None => "fits",
                Some(Beyond::Usual(_)) => "asks",
                Some(Beyond::Own(_)) => "refused",
            };
        }
        said
    }

    fn agent(task: usize, prompt: usize) -> Value {
        let work = json!({"agent": {"spec": {"prompt": "x".repeat(prompt)}, "backend": "b",
            "effect": "repeatable"}});
        let digest = baton_core::digest::Digest::of(b"request");
        json!({"spawned": {"task": task.to_string(), "digest": digest, "fuel": 1, "work": work}})
    }

    #[test]
    fn what_a_file_raised_for_itself_is_asked_about() {
        let prompts = usual("prompt_bytes");
        for (own, bytes, raised, expected) in [
            (prompts, prompts, false, "fits"),
            (prompts, prompts + 1, false, "refused"),
            (prompts, prompts + 1, true, "refused"),
            (1 << 40, prompts, false, "fits"),
            (1 << 40, prompts + 1, false, "asks"),
            (1 << 40, prompts + 1, true, "fits"),
            // What was lowered holds as well.
            (10, 11, false, "refused"),
        ] {
            let own = RunLimits { prompt_bytes: own as u64, ..RunLimits::default() };
            let said = looked(Sizes::new(own, raised), [agent(1, bytes)]);
            assert_eq!(said, expected, "{} {bytes} {raised}", own.prompt_bytes);
        }
    }

    #[test]
    fn so_are_more_tasks_than_usual() {
        let tasks = usual("tasks");
        for (own, raised, expected) in
            [(tasks, false, "refused"), (tasks + 1, false, "asks"), (tasks + 1, true, "fits")]
        {
            let own = RunLimits { tasks: own as u64, ..RunLimits::default() };
            let mut sizes = Sizes::new(own, raised);
            sizes.tasks = tasks as u64;
            assert_eq!(looked(sizes, [agent(1, 1)]), expected, "{} {raised}", own.tasks);
        }
    }
}
