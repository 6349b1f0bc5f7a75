//! What a person changes of a task.

use super::{Edit, ForkError};
use crate::gate::{GateOptions, GateSpec};
use crate::handoff::{Handoff, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::json::Json;
use crate::limits::RunLimits;
use crate::record::{Body, Record, Work};
use crate::tool::{EXEC, ExecInput};

/// The work of a task, where the records have it.
pub(super) fn work<'a>(records: &'a [Record], task: &TaskPath) -> Option<&'a Work> {
    records.iter().find_map(|record| match &record.body {
        Body::Spawned { task: spawned, work, .. } if spawned == task => Some(&**work),
        _ => None,
    })
}

/// The edit in words.
pub(super) fn words(edit: &Edit, task: Option<&TaskPath>) -> String {
    let of = task.map(|task| format!(" of /{task}")).unwrap_or_default();
    match edit {
        Edit::Output { by, .. } => format!("output{of}, by {by}"),
        Edit::Input(_) => format!("input{of}"),
        Edit::Workflow => "another workflow".into(),
    }
}

/// Whether a task has what an edit is about.
pub(super) fn fits(edit: &Edit, task: &TaskPath, work: &Work) -> Result<(), ForkError> {
    let what = match edit {
        Edit::Workflow => return Ok(()),
        Edit::Output { .. } => match work {
            Work::Sleep { .. } => "output",
            _ => return Ok(()),
        },
        Edit::Input(_) => match work {
            Work::Agent { .. } | Work::Tool { .. } | Work::Workflow { .. } => return Ok(()),
            Work::Sleep { .. } | Work::Gate { .. } => "input",
        },
    };
    Err(ForkError::Kind { task: task.clone(), kind: work.kind(), what })
}

/// The end of a task as a person wrote it.
pub(super) fn completion(
    task: &TaskPath,
    work: &Work,
    output: &Json,
    by: &str,
) -> Result<Body, ForkError> {
    let handoff = match work {
        Work::Gate { spec, .. } => answer(spec, output, by)?,
        _ => Handoff {
            summary: format!("the output was edited by {by}"),
            output: output.clone(),
            ..Handoff::default()
        },
    };
    let (task, outcome) = (task.clone(), Outcome::Done(handoff));
    Ok(Body::Completed { task, outcome, usage: Usage::default(), reused_from: None })
}

/// An answer to a gate, written as its default would be.
fn answer(spec: &GateSpec, output: &Json, by: &str) -> Result<Handoff, ForkError> {
    let options = GateOptions { default: Some(output.clone()), ..spec.options.clone() };
    let asked = GateSpec { question: spec.question.clone(), options };
    let wrong = |what: &str| ForkError::Unfit(format!("the answer of a gate {what}"));
    let answer = asked.default_answer().map_err(|error| wrong(&error.to_string()))?;
    Ok(answer.ok_or_else(|| wrong("is missing"))?.handoff(by, false))
}

/// Puts another input into the record that asked for a task. Its digest stays: it is the workflow's
/// request, which is the same.
pub(super) fn input(
    records: &mut [Record],
    task: &TaskPath,
    input: &Json,
    limits: &RunLimits,
) -> Result<(), ForkError> {
    let unfit = ForkError::Unfit;
    let size = input.as_str().len() as u64;
    if size > limits.json_bytes {
        return Err(unfit(format!(
            "{size} bytes of JSON where {} are the limit",
            limits.json_bytes
        )));
    }
    let spawned = records.iter_mut().find_map(|record| match &mut record.body {
        Body::Spawned { task: spawned, work, .. } if spawned == task => Some(work),
        _ => None,
    });
    match spawned.map(|work| &mut **work) {
        Some(Work::Agent { spec, .. }) => {
            let (prompt, given) = of_agent(input).map_err(unfit)?;
            if let Some(prompt) = prompt {
                let size = prompt.len() as u64;
                if size > limits.prompt_bytes {
                    let max = limits.prompt_bytes;
                    return Err(unfit(format!("a prompt of {size} bytes; the limit is {max}")));
                }
                spec.prompt = prompt;
            }
            if let Some(given) = given {
                spec.input = Some(given).filter(|given| !given.is_null());
            }
        }
        Some(Work::Tool { spec, tool, authority, .. }) => {
            if tool == EXEC {
                let exec: ExecInput = serde_json::from_str(input.as_str())
                    .map_err(|error| unfit(format!("input of `{EXEC}`: {error}")))?;
                if !authority.exec.as_ref().is_some_and(|exec_scope| exec_scope.allows(&exec.argv))
                {
                    let command = exec.argv.join(" ");
                    return Err(unfit(format!(
                        "the command `{command}` is not granted to the run"
                    )));
                }
            }
            spec.input = input.clone();
        }
        Some(Work::Workflow { spec, .. }) => spec.input = input.clone(),
        Some(Work::Sleep { .. } | Work::Gate { .. }) | None => {
            return Err(ForkError::NoTask(task.clone()));
        }
    }
    Ok(())
}

/// Prompt and input of an agent, as far as they are given.
fn of_agent(input: &Json) -> Result<(Option<String>, Option<Json>), String> {
    let wanted = "a string (the prompt), or an object with `prompt`, `input` or both";
    match input.value() {
        serde_json::Value::String(prompt) => Ok((Some(prompt), None)),
        serde_json::Value::Object(mut fields) => {
            let prompt = match fields.remove("prompt") {
                None => None,
                Some(serde_json::Value::String(prompt)) => Some(prompt),
                Some(_) => return Err("`prompt` is a string".into()),
            };
            let given = fields.remove("input").map(Json::from);
            match fields.keys().next() {
                Some(unknown) => Err(format!("`{unknown}`: the input of an agent is {wanted}")),
                None if prompt.is_none() && given.is_none() => {
                    Err(format!("the input of an agent is {wanted}"))
                }
                None => Ok((prompt, given)),
            }
        }
        _ => Err(format!("the input of an agent is {wanted}")),
    }
}

/// The timers and deadlines of open tasks run on from `now` as they would have from `cut`.
pub(super) fn rearm(work: &mut Work, cut: Timestamp, now: Timestamp) {
    let later = |due: &mut Timestamp| *due = due.plus_ms(now.since(cut));
    match work {
        Work::Sleep { due } => later(due),
        Work::Gate { due: Some(due), .. } => later(due),
        _ => {}
    }
}
