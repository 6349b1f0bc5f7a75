//! Whether a result passes.

use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::json::Json;
use baton_core::scope::Authority;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{EXEC, RawToolSpec};
use baton_host::port::CallError;
use serde_json::{Map, Value, json};

use super::{Rung, shown, take};
use crate::backend::{BackendError, Job, JobContext};
use crate::work::work;

/// Code of the failure of a step whose result did not pass.
pub const CHECK_CODE: &str = "ladder-check";

/// Bytes of what a command wrote, at its end, that the next step is shown; of each stream.
const STREAM_BYTES: usize = 8 << 10;

/// What a result must pass beside its schema.
#[derive(Clone)]
pub enum Check {
    /// A tool of the task, see [`baton_core::spec::LadderCheck::Tool`]. A command gets the result on
    /// standard input, unless its input says what to write there.
    Tool {
        /// Its full name.
        name: String,
        /// Further input.
        input: Option<Json>,
    },
    /// A model that tries to refute the result.
    Challenger {
        /// What performs it.
        rung: Rung,
        /// What it looks for.
        prompt: String,
    },
}

/// What a check came to.
pub(super) enum Ruling {
    Passes,
    Fails(Failure),
}

/// Checks a result, and says what that consumed. An error: the check could not be made.
pub(super) async fn rule(
    check: Option<&Check>,
    handoff: &Handoff,
    rungs: usize,
    index: usize,
    job: &Job,
    context: &JobContext,
) -> Result<(Ruling, Usage), BackendError> {
    let (reason, usage) = match check {
        None => return Ok((Ruling::Passes, Usage::default())),
        Some(Check::Tool { name, input }) => {
            (call(name, input.as_ref(), handoff, context).await?, Usage::default())
        }
        Some(Check::Challenger { rung, prompt }) => {
            challenge(rung, prompt, handoff, rungs + index, job, context).await?
        }
    };
    let ruling = match reason {
        None => Ruling::Passes,
        Some(reason) => Ruling::Fails(
            Failure::new(FailureKind::Failed, CHECK_CODE, reason)
                .with_detail(json!({ "output": shown(handoff.output.as_str()) })),
        ),
    };
    Ok((ruling, usage))
}

/// A check that cannot be made is no reason to take a result, nor to pay for another.
fn not_made(kind: FailureKind, why: &str) -> BackendError {
    let message = format!("the result could not be checked: {why}");
    BackendError::Permanent(Failure::new(kind, CHECK_CODE, message))
}

/// Calls a tool. Why the result does not pass; none: it does.
async fn call(
    name: &str,
    input: Option<&Json>,
    handoff: &Handoff,
    context: &JobContext,
) -> Result<Option<String>, BackendError> {
    let Some(tools) = &context.tools else {
        let why = format!("the task was not given the tool `{name}`");
        return Err(not_made(FailureKind::Refused, &why));
    };
    let input = merged(name, input, handoff)
        .ok_or_else(|| not_made(FailureKind::Failed, "the input of the tool is no object"))?;
    let title = title(name, &input);
    let spec = RawToolSpec {
        name: name.to_owned(),
        input: Value::Object(input).to_string(),
        options: json!({ "label": "check" }).to_string(),
    };
    match tools.call(spec).await {
        Ok(answer) => Ok(objection(&title, &answer.value())),
        Err(CallError::Refused(refusal)) => {
            Err(not_made(FailureKind::Refused, &refusal.to_string()))
        }
        Err(CallError::Failed(failure)) => match failure.kind {
            FailureKind::Cancelled => Err(BackendError::Cancelled),
            FailureKind::InDoubt
            | FailureKind::Internal
            | FailureKind::Limit
            | FailureKind::Refused => Err(not_made(failure.kind, &failure.to_string())),
            _ => Ok(Some(format!("the check `{title}` failed: {failure}"))),
        },
    }
}

/// The input of a check with the result in it.
fn merged(name: &str, input: Option<&Json>, handoff: &Handoff) -> Option<Map<String, Value>> {
    let mut input = match input.map(Json::value) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(input)) => input,
        Some(_) => return None,
    };
    if name == EXEC {
        // Commands take text.
        input.entry("stdin").or_insert_with(|| handoff.output.as_str().into());
    } else {
        input.insert("output".into(), handoff.output.value());
    }
    Some(input)
}

/// What a check is called where people and models read of it: a command by its words.
fn title(name: &str, input: &Map<String, Value>) -> String {
    let words = input.get("argv").and_then(Value::as_array).filter(|_| name == EXEC);
    let words = words.map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    shown(&words.map_or_else(|| name.to_owned(), |words| words.join(" ")))
}

/// Why an answer of a tool does not let the result pass.
fn objection(name: &str, answer: &Value) -> Option<String> {
    let status = answer.get("status").and_then(Value::as_i64).filter(|status| *status != 0);
    if let Some(status) = status {
        let mut words = format!("the check `{name}` ended with status {status}");
        for stream in ["stdout", "stderr"] {
            let text = answer.get(stream).and_then(Value::as_str).unwrap_or_default().trim();
            if !text.is_empty() {
                words.push_str(&format!("\n{stream}:\n{}", end_of(text)));
            }
        }
        return Some(words);
    }
    let failed = answer.get("passed").and_then(Value::as_bool) == Some(false);
    failed.then(|| format!("the check `{name}` says: {}", shown(&answer.to_string())))
}

/// The end of a text: that is where programs say what was wrong.
fn end_of(text: &str) -> String {
    let Some(cut) = text.len().checked_sub(STREAM_BYTES).filter(|cut| *cut > 0) else {
        return text.to_owned();
    };
    let start = text.ceil_char_boundary(cut);
    format!("[{start} bytes cut] {}", text.get(start..).unwrap_or_default())
}

/// Sets a challenger on the result. Why it is refuted; none: it holds.
async fn challenge(
    rung: &Rung,
    claim: &str,
    handoff: &Handoff,
    number: usize,
    job: &Job,
    context: &JobContext,
) -> Result<(Option<String>, Usage), BackendError> {
    let mut challenger = Job { spec: Arc::new(question(claim, handoff, job)), ..job.clone() };
    take(&mut challenger, rung, number);
    challenger.corrections = Vec::new();
    // It may look at what the task may read, and change nothing.
    challenger.authority = Arc::new(Authority {
        write: None,
        http: None,
        env: None,
        secrets: None,
        exec: None,
        ..Authority::clone(&job.authority)
    });
    let context = JobContext { tools: None, ..context.clone() };
    let answer = work(&*rung.backend, challenger, &context).await;
    let verdict = match answer.result {
        Ok(handoff) => handoff.output.value(),
        Err(BackendError::Permanent(failure)) => {
            return Err(not_made(failure.kind, &format!("the challenger: {failure}")));
        }
        Err(error) => return Err(error),
    };
    // The output fits the schema: both are there.
    let refuted = verdict.get("refuted").and_then(Value::as_bool) != Some(false);
    let reason = verdict.get("reason").and_then(Value::as_str).unwrap_or_default();
    let reason = refuted.then(|| format!("a challenger refutes the result: {}", shown(reason)));
    Ok((reason, answer.usage))
}

/// What a challenger is asked.
fn question(claim: &str, handoff: &Handoff, job: &Job) -> AgentSpec {
    let prompt = format!(
        "Another agent performed the task below. Try to refute its result: look for what is wrong, \
         unsupported or missing, and check its claims yourself where you can. Say that it is refuted \
         only if you can say why; a result that merely could be better is not refuted.\n\n\
         What to look for: {claim}\n\nThe task:\n{}",
        job.spec.prompt
    );
    let input = json!({
        "task_input": job.spec.input.as_ref().map(Json::value),
        "output": handoff.output.value(),
        "summary": handoff.summary,
        "evidence": handoff.evidence,
    });
    let schema = json!({
        "type": "object",
        "properties": { "refuted": { "type": "boolean" }, "reason": { "type": "string" } },
        "required": ["refuted", "reason"],
        "additionalProperties": false,
    });
    let given = &job.spec.options;
    AgentSpec {
        prompt,
        input: Some(input.into()),
        schema: Some(schema.into()),
        options: AgentOptions {
            label: Some("challenger".into()),
            phase: given.phase.clone(),
            read: given.read.clone(),
            budget: given.budget,
            stall_ms: given.stall_ms,
            ..AgentOptions::default()
        },
    }
}
