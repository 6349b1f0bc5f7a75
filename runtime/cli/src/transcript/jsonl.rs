//! A transcript as JSON Lines. Stable: fields and types may be added, never renamed or removed.

use baton_agents::model::transcript::{Given, TurnContent};
use baton_core::handoff::{Artifact, Evidence, Outcome, Usage};
use baton_core::ids::{RunId, TaskId};
use baton_core::json::Json;
use baton_core::record::Work;
use baton_core::report::Report;
use baton_core::tool::Denial;
use baton_models::{Message, Part, Stop};
use serde::Serialize;

use super::{Content, Entry, What};
use crate::error::Result;
use crate::shapes::{self, UsageShape, moment, signed_dollars};

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    task: String,
    at: String,
    attempt: u32,
    #[serde(flatten)]
    what: Shape<'a>,
}

/// What a line tells, by its `type`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Shape<'a> {
    /// What was asked for.
    Task {
        kind: &'static str,
        label: Option<&'a str>,
        phase: Option<&'a str>,
        backend: Option<&'a str>,
        prompt: Option<&'a str>,
        input: Option<&'a Json>,
    },
    /// An attempt began.
    Attempt {},
    /// A call of a model began; `usage` is the most it may consume.
    Call { call: u32, backend: &'a str, usage: UsageShape },
    /// What stands above a conversation.
    System {
        call: u32,
        rung: u32,
        text: &'a str,
        tools: Vec<ToolShape<'a>>,
        guidance: &'a [Given],
        effort: Option<&'a str>,
    },
    /// A text: `role` is `user`, `assistant` or `thinking`.
    Message { call: u32, rung: u32, role: &'static str, text: &'a str },
    /// The model calls a tool.
    ToolCall { call: u32, rung: u32, id: &'a str, name: &'a str, input: &'a Json },
    /// What a tool returned to the model.
    ToolResult { call: u32, rung: u32, id: &'a str, name: &'a str, content: &'a str, failed: bool },
    /// What a call consumed, and how it ended. Always the last line of a call.
    Usage {
        call: u32,
        rung: u32,
        backend: &'a str,
        usage: UsageShape,
        estimated: bool,
        ms: Option<u64>,
        stop: Option<&'a Stop>,
        request_id: Option<&'a str>,
        error: Option<ErrorShape<'a>>,
        partial: Option<&'a str>,
    },
    /// A tool runs as a task of its own.
    ToolTask { child: String, tool: &'a str, input: &'a Json },
    /// That task ended.
    ToolTaskEnded {
        child: String,
        tool: &'a str,
        output: Option<&'a Json>,
        error: Option<ErrorShape<'a>>,
        usage: UsageShape,
    },
    /// It tried what it may not do.
    Denied { denial: &'a Denial },
    /// It told people something.
    Report { report: &'a Report },
    /// The attempt failed, and another follows.
    AttemptFailed { error: ErrorShape<'a>, usage: UsageShape },
    /// The attempt ended because its provider serves nobody for now.
    Deferred {
        provider: &'a str,
        outage: &'static str,
        until: Option<String>,
        error: ErrorShape<'a>,
    },
    /// A step of a ladder passed.
    Passed { rung: u32, rungs: u32, backend: &'a str, saved_usd: f64 },
    /// The task ended; `usage` is all that it consumed.
    Ended {
        summary: Option<&'a str>,
        output: Option<&'a Json>,
        evidence: &'a [Evidence],
        artifacts: &'a [Artifact],
        follow_ups: &'a [String],
        error: Option<ErrorShape<'a>>,
        usage: UsageShape,
        reused_from: Option<String>,
    },
}

#[derive(Serialize)]
struct ToolShape<'a> {
    name: &'a str,
    description: &'a str,
    input: &'a Json,
}

#[derive(Serialize)]
struct ErrorShape<'a> {
    code: &'a str,
    message: &'a str,
}

/// An entry as lines, each with its line feed.
///
/// # Errors
/// When a value cannot be JSON, which none here is.
pub fn entry(run: &RunId, entry: &Entry) -> Result<String> {
    let id = |path| TaskId { run: run.clone(), path }.to_string();
    let mut out = String::new();
    for what in shapes_of(entry, &id) {
        let task = id(entry.task.clone());
        let line = Line { task, at: moment(entry.at), attempt: entry.attempt, what };
        out.push_str(&shapes::line(&line)?);
    }
    Ok(out)
}

fn shapes_of<'a>(
    entry: &'a Entry,
    id: &dyn Fn(baton_core::ids::TaskPath) -> String,
) -> Vec<Shape<'a>> {
    let shape = match &entry.what {
        What::Asked(work) => asked(work),
        What::Started => Shape::Attempt {},
        What::Calling { call, backend, reserve } => {
            Shape::Call { call: *call, backend, usage: reserve.into() }
        }
        What::Turned { call, backend, usage, estimated, content } => {
            return turned(*call, backend, usage, *estimated, content);
        }
        What::Tool { child, tool, input } => {
            Shape::ToolTask { child: id(child.clone()), tool, input }
        }
        What::ToolEnded { child, tool, outcome, usage } => Shape::ToolTaskEnded {
            child: id(child.clone()),
            tool,
            output: outcome.handoff().map(|handoff| &handoff.output),
            error: error_of(outcome),
            usage: usage.into(),
        },
        What::Denied(denial) => Shape::Denied { denial },
        What::Reported(report) => Shape::Report { report },
        What::AttemptFailed { failure, usage } => {
            let error = ErrorShape { code: &failure.code, message: &failure.message };
            Shape::AttemptFailed { error, usage: usage.into() }
        }
        What::Deferred { provider, outage, failure, until } => Shape::Deferred {
            provider,
            outage: outage.as_str(),
            until: until.map(moment),
            error: ErrorShape { code: &failure.code, message: &failure.message },
        },
        What::Passed { rung, rungs, backend, saved_micro_usd } => Shape::Passed {
            rung: *rung,
            rungs: *rungs,
            backend,
            saved_usd: signed_dollars(*saved_micro_usd),
        },
        What::Ended { outcome, usage, reused_from } => {
            let handoff = outcome.handoff();
            Shape::Ended {
                summary: handoff.map(|handoff| handoff.summary.as_str()),
                output: handoff.map(|handoff| &handoff.output),
                evidence: handoff.map_or(&[], |handoff| &handoff.evidence),
                artifacts: handoff.map_or(&[], |handoff| &handoff.artifacts),
                follow_ups: handoff.map_or(&[], |handoff| &handoff.follow_ups),
                error: error_of(outcome),
                usage: usage.into(),
                reused_from: reused_from.as_ref().map(ToString::to_string),
            }
        }
    };
    vec![shape]
}

fn error_of(outcome: &Outcome) -> Option<ErrorShape<'_>> {
    let failure = outcome.failure()?;
    Some(ErrorShape { code: &failure.code, message: &failure.message })
}

fn asked(work: &Work) -> Shape<'_> {
    let (phase, backend, prompt, input) = match work {
        Work::Agent { spec, backend, .. } => (
            spec.options.phase.as_deref(),
            Some(backend.as_str()),
            Some(spec.prompt.as_str()),
            spec.input.as_ref(),
        ),
        Work::Tool { spec, tool, .. } => {
            (spec.options.phase.as_deref(), Some(tool.as_str()), None, Some(&spec.input))
        }
        Work::Workflow { spec, .. } => {
            (spec.options.phase.as_deref(), None, None, Some(&spec.input))
        }
        Work::Sleep { .. } => (None, None, None, None),
        Work::Gate { spec, .. } => {
            (spec.options.phase.as_deref(), None, Some(spec.question.as_str()), None)
        }
    };
    Shape::Task { kind: work.kind(), label: work.label(), phase, backend, prompt, input }
}

fn turned<'a>(
    call: u32,
    backend: &'a str,
    usage: &Usage,
    estimated: bool,
    content: &'a Content,
) -> Vec<Shape<'a>> {
    let usage = Usage { estimated_calls: u64::from(estimated), ..*usage };
    let mut shapes = Vec::new();
    let said = match content {
        Content::Said(said) => Some(&**said),
        Content::Nothing | Content::Unreadable(_) => None,
    };
    let error = match content {
        Content::Said(said) => said
            .failed
            .as_ref()
            .map(|failed| ErrorShape { code: &failed.code, message: &failed.message }),
        Content::Nothing => {
            Some(ErrorShape { code: "lost", message: "nobody heard what was said" })
        }
        Content::Unreadable(why) => Some(ErrorShape { code: "unreadable", message: why }),
    };
    if let Some(said) = said {
        conversation(call, said, &mut shapes);
    }
    let partial = said.and_then(|said| said.failed.as_ref()).map(|failed| failed.partial.as_str());
    shapes.push(Shape::Usage {
        call,
        rung: said.map_or(0, |said| said.rung),
        backend,
        usage: (&usage).into(),
        estimated,
        ms: said.map(|said| said.ms),
        stop: said.and_then(|said| said.stop.as_ref()),
        request_id: said.and_then(|said| said.request_id.as_deref()),
        error,
        partial: partial.filter(|partial| !partial.is_empty()),
    });
    shapes
}

fn conversation<'a>(call: u32, said: &'a TurnContent, shapes: &mut Vec<Shape<'a>>) {
    let rung = said.rung;
    if let Some(opening) = &said.opening {
        let tools = opening.tools.iter().map(|tool| ToolShape {
            name: &tool.name,
            description: &tool.description,
            input: &tool.input,
        });
        shapes.push(Shape::System {
            call,
            rung,
            text: &opening.system,
            tools: tools.collect(),
            guidance: &opening.guidance,
            effort: opening.effort.as_deref(),
        });
    }
    let part = |part: &'a Part| match part {
        Part::Text { text } => Shape::Message { call, rung, role: "assistant", text },
        Part::Thinking { text, .. } => Shape::Message { call, rung, role: "thinking", text },
        Part::ToolCall { id, name, input } => Shape::ToolCall { call, rung, id, name, input },
    };
    for message in &said.said {
        match message {
            Message::User(text) => shapes.push(Shape::Message { call, rung, role: "user", text }),
            Message::Assistant(parts) => shapes.extend(parts.iter().map(part)),
            Message::Tools(results) => shapes.extend(results.iter().map(|result| {
                let (id, name, content) = (&result.id, &result.name, &result.content);
                Shape::ToolResult { call, rung, id, name, content, failed: result.failed }
            })),
        }
    }
    shapes.extend(said.answer.iter().map(part));
}
