//! What a program is given.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use baton_core::handoff::{Failure, FailureKind};
use baton_core::json::Json;
use serde::Serialize;

use crate::backend::{Job, JobContext};
use crate::people;
use crate::sessions::Session;

/// Variables of the host that a program may see, beside those that begin with [`LOCALE_PREFIX`].
const VARIABLES: &[&str] = &["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

const LOCALE_PREFIX: &str = "LC_";

/// The object on standard input.
#[derive(Serialize)]
struct Task<'a> {
    task: String,
    attempt: u32,
    prompt: &'a str,
    input: Option<&'a Json>,
    label: Option<&'a str>,
    phase: Option<&'a str>,
    schema: Option<&'a Json>,
    model: Option<&'a str>,
    effort: Option<&'a str>,
    agent_type: Option<&'a str>,
    system: Option<&'a str>,
    tools: Option<&'a [String]>,
    disallowed_tools: &'a [String],
    root: Option<String>,
    /// When the attempt ends: milliseconds since 1970-01-01 UTC.
    deadline_ms: u64,
    corrections: &'a [String],
    earlier: &'a [String],
    messages: Vec<serde_json::Value>,
    session: Option<&'a str>,
}

/// The task of a job as bytes of JSON, ended by a new line.
pub(super) fn json(job: &Job, context: &JobContext, session: Option<&Session>) -> Vec<u8> {
    let options = &job.spec.options;
    let definition = job.definition.as_deref();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let task = Task {
        task: job.task.to_string(),
        attempt: job.attempt,
        prompt: &job.spec.prompt,
        input: job.spec.input.as_ref(),
        label: options.label.as_deref(),
        phase: options.phase.as_deref(),
        schema: job.spec.schema.as_ref(),
        model: options.model.as_deref(),
        effort: options.effort.as_deref(),
        agent_type: options.agent_type.as_deref(),
        system: options.system.as_deref(),
        tools: definition.and_then(|definition| definition.tools.as_deref()),
        disallowed_tools: definition.map_or(&[], |definition| &definition.disallowed_tools),
        root: job.root.as_ref().map(|root| root.to_string_lossy().into_owned()),
        deadline_ms: now_ms.saturating_add(job.timeout_ms),
        corrections: &job.corrections,
        earlier: &job.earlier,
        messages: messages(context, session.map_or(0, |session| session.told)),
        session: session.map(|session| session.id.as_str()),
    };
    // Strings, numbers and JSON texts always have a JSON form.
    let mut bytes = serde_json::to_vec(&task).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// What people said, and what of that is new to a session that was told everything up to a message.
fn messages(context: &JobContext, told: u64) -> Vec<serde_json::Value> {
    let all = context.inbox.all();
    let mut list = people::list(&all, &context.redact);
    for (entry, message) in list.iter_mut().zip(all.iter()) {
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("new".into(), (message.seq > told).into());
        }
    }
    list
}

/// What a program sees of the host's environment: `PATH`, `HOME`, `LANG`, `LC_*`, `TZ` and
/// `TMPDIR`. Anything else may hold a secret.
#[must_use]
pub fn environment() -> Vec<(OsString, OsString)> {
    let passed = |name: &OsString| {
        name.to_str()
            .is_some_and(|name| VARIABLES.contains(&name) || name.starts_with(LOCALE_PREFIX))
    };
    env::vars_os().filter(|(name, _)| passed(name)).collect()
}

/// The whole environment of the program.
pub(super) fn environment_of(job: &Job) -> Vec<(OsString, OsString)> {
    let mut variables = environment();
    for (name, value) in [
        ("BATON_RUN", job.task.run.to_string()),
        ("BATON_TASK", job.task.to_string()),
        ("BATON_ATTEMPT", job.attempt.to_string()),
    ] {
        variables.push((name.into(), value.into()));
    }
    variables.extend(job.traceparent.iter().map(|header| ("TRACEPARENT".into(), header.into())));
    variables
}

/// The working directory of the program.
///
/// # Errors
/// A failure, if it is not there.
pub(super) fn directory(job: &Job) -> Result<PathBuf, Failure> {
    let missing = |message: String| Failure::new(FailureKind::Failed, "root-missing", message);
    let Some(root) = &job.root else {
        return env::current_dir()
            .map_err(|error| missing(format!("the host's working directory is gone: {error}")));
    };
    if root.is_dir() {
        return Ok(root.clone());
    }
    Err(missing(format!("the root `{}` is not a directory any more", root.display())))
}
