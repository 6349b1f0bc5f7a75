//! From records to spans.

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::{RunId, TaskPath};
use baton_core::model::{Api, Models};
use baton_core::record::{Body, Pause, Record, RunStarted, Work};
use baton_core::trace;

use crate::span::{Kind, Span, Value};

/// Makes spans of the records of one run, which must come in order from the first one on.
#[derive(Debug, Default)]
pub struct Spans {
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    id: RunId,
    trace: String,
    models: Models,
    span: Span,
    tasks: BTreeMap<TaskPath, Task>,
    /// Calls of models under way.
    calls: BTreeMap<(TaskPath, u32), Span>,
}

#[derive(Debug)]
struct Task {
    span: Span,
    attempt: Option<Span>,
}

impl Spans {
    /// Spans that end with a record. A run whose caller says that it is not to be traced has none.
    pub fn take(&mut self, record: &Record) -> Vec<Span> {
        let mut ended = Vec::new();
        if let Body::RunStarted(started) = &record.body {
            if is_sampled(started.traceparent.as_deref()) {
                self.run = Some(Run::new(started, record.at.0));
            }
        } else if let Some(run) = &mut self.run {
            run.take(record, &mut ended);
            if matches!(record.body, Body::Finished { .. }) {
                self.run = None;
            }
        }
        ended
    }
}

/// Whether the caller, if there is one, records the trace.
fn is_sampled(traceparent: Option<&str>) -> bool {
    let Some(header) = traceparent.filter(|header| trace::parse(header).is_some()) else {
        return true;
    };
    let flags = header.get(53..55).and_then(|flags| u8::from_str_radix(flags, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 1)
}

impl Run {
    fn new(started: &RunStarted, at: u64) -> Self {
        let caller = started.traceparent.as_deref().and_then(trace::parse);
        let mut span = Span {
            trace_id: trace::trace_id(&started.run, started.traceparent.as_deref()),
            span_id: trace::span_id(&started.run, &TaskPath::root(), None),
            parent: caller.map(|(_, span)| span.to_owned()),
            remote_parent: caller.is_some(),
            name: format!("run {}", started.name()),
            kind: Kind::Internal,
            start_ms: at,
            end_ms: at,
            attributes: Vec::new(),
            events: Vec::new(),
            error: None,
        };
        span.add("baton.run", Value::text(started.run.as_str()));
        span.add("baton.workflow", Value::text(started.name()));
        if let Some(batch) = &started.batch {
            span.add("baton.batch", Value::text(&batch.batch));
            span.add("baton.batch.line", Value::count(batch.line));
        }
        Self {
            id: started.run.clone(),
            trace: span.trace_id.clone(),
            models: started.models.clone(),
            span,
            tasks: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    fn take(&mut self, record: &Record, ended: &mut Vec<Span>) {
        let at = record.at.0;
        match &record.body {
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.begin(task, work, at);
            }
            Body::Started { tasks } => {
                for start in tasks {
                    self.attempt(&start.task, start.attempt, at);
                }
            }
            Body::AttemptFailed { task, failure, usage, .. } => {
                self.end_attempt(task, at, Some(&failure.code), usage, ended);
            }
            Body::Deferred { task, provider, outage, usage, .. } => {
                let event = [("baton.provider", Value::text(provider))];
                self.event(task, at, outage.as_str(), &event);
                self.end_attempt(task, at, Some(outage.as_str()), usage, ended);
            }
            Body::Asked { task, call, provider, model, .. } => {
                self.ask(task, *call, provider, model, at);
            }
            Body::Turned { task, call, content, usage, estimated } => {
                if let Some(mut span) = self.calls.remove(&(task.clone(), *call)) {
                    consumed(&mut span, usage);
                    if *estimated {
                        span.add("baton.usage.estimated", Value::Truth(true));
                    }
                    let error = content.is_none().then_some("no-answer");
                    ended.push(span.ended(at, error));
                }
            }
            Body::Denied { task, .. } => self.event(task, at, "denied", &[]),
            Body::Passed { task, rung, backend, .. } => {
                let facts = [
                    ("baton.ladder.rung", Value::count(u64::from(*rung))),
                    ("baton.backend", Value::text(backend)),
                ];
                self.event(task, at, "passed", &facts);
            }
            Body::Completed { task, outcome, usage, reused_from } => {
                self.complete(task, outcome, usage, reused_from.is_some(), at, ended);
            }
            Body::Paused { reason } => {
                let facts = [("baton.pause", Value::text(paused(reason)))];
                self.span.events.push((at, "paused", facts.to_vec()));
            }
            Body::Resumed { .. } => self.span.events.push((at, "resumed", Vec::new())),
            Body::Finished { outcome, usage } => self.finish(outcome, usage, at, ended),
            _ => {}
        }
    }

    fn span(&self, id: String, parent: String, name: String, at: u64) -> Span {
        Span {
            trace_id: self.trace.clone(),
            span_id: id,
            parent: Some(parent),
            remote_parent: false,
            name,
            kind: Kind::Internal,
            start_ms: at,
            end_ms: at,
            attributes: Vec::new(),
            events: Vec::new(),
            error: None,
        }
    }

    /// The span that something at a place of the tree is part of: the attempt at it, if it is being
    /// performed.
    fn around(&self, place: Option<&TaskPath>) -> String {
        match place.and_then(|place| self.tasks.get(place)) {
            Some(task) => task.attempt.as_ref().unwrap_or(&task.span).span_id.clone(),
            None => self.span.span_id.clone(),
        }
    }

    fn begin(&mut self, task: &TaskPath, work: &Work, at: u64) {
        let id = trace::span_id(&self.id, task, None);
        let parent = self.around(task.parent().as_ref());
        let mut span = self.span(id, parent, String::new(), at);
        span.add("baton.task", Value::text(&task.to_string()));
        if let Some(label) = work.label() {
            span.add("baton.label", Value::text(label));
        }
        match work {
            Work::Agent { spec, backend, .. } => {
                let kind = spec.options.agent_type.as_deref().unwrap_or("agent");
                span.name = format!("invoke_agent {kind}");
                span.add("gen_ai.operation.name", Value::text("invoke_agent"));
                span.add("gen_ai.agent.name", Value::text(kind));
                if let Some((provider, model)) = self.models.split(backend) {
                    span.add("gen_ai.provider.name", self.provider(provider));
                    span.add("gen_ai.request.model", Value::text(model));
                }
                // Of a command only the kind: its arguments are the user's.
                let shown = match backend.split_once(':') {
                    Some((kind @ ("command" | "acp"), _)) => kind,
                    _ => backend,
                };
                span.add("baton.backend", Value::text(shown));
            }
            Work::Tool { tool, .. } => {
                span.name = format!("execute_tool {tool}");
                span.add("gen_ai.operation.name", Value::text("execute_tool"));
                span.add("gen_ai.tool.name", Value::text(tool));
            }
            Work::Workflow { spec, .. } => span.name = format!("workflow {}", spec.name),
            Work::Sleep { .. } => span.name = "timer".to_owned(),
            Work::Gate { .. } => span.name = "gate".to_owned(),
        }
        self.tasks.insert(task.clone(), Task { span, attempt: None });
    }

    fn attempt(&mut self, task: &TaskPath, number: u32, at: u64) {
        let id = trace::span_id(&self.id, task, Some(number));
        let Some(parent) = self.tasks.get(task).map(|task| task.span.span_id.clone()) else {
            return;
        };
        let mut span = self.span(id, parent, format!("attempt {number}"), at);
        span.add("baton.attempt", Value::count(u64::from(number)));
        if let Some(task) = self.tasks.get_mut(task) {
            task.attempt = Some(span);
        }
    }

    fn end_attempt(
        &mut self,
        task: &TaskPath,
        at: u64,
        error: Option<&str>,
        usage: &Usage,
        ended: &mut Vec<Span>,
    ) {
        if let Some(mut span) = self.tasks.get_mut(task).and_then(|task| task.attempt.take()) {
            consumed(&mut span, usage);
            ended.push(span.ended(at, error));
        }
    }

    fn ask(&mut self, task: &TaskPath, call: u32, provider: &str, model: &str, at: u64) {
        let name = ["baton span of a call", self.id.as_str(), &task.to_string(), &call.to_string()];
        let mut id = Digest::of(name.join("\n").as_bytes()).hex();
        id.truncate(16);
        let mut span = self.span(id, self.around(Some(task)), format!("chat {model}"), at);
        span.kind = Kind::Client;
        span.add("gen_ai.operation.name", Value::text("chat"));
        span.add("gen_ai.provider.name", self.provider(provider));
        span.add("gen_ai.request.model", Value::text(model));
        span.add("baton.task", Value::text(&task.to_string()));
        span.add("baton.call", Value::count(u64::from(call)));
        self.calls.insert((task.clone(), call), span);
    }

    /// A provider as the conventions call it, where they know it.
    fn provider(&self, name: &str) -> Value {
        let api = self.models.providers.get(name).map(|provider| provider.api);
        Value::text(match (name, api) {
            ("openai" | "openai-chat", Some(Api::OpenaiChat | Api::OpenaiResponses)) => "openai",
            ("gemini", Some(Api::Gemini)) => "gcp.gemini",
            _ => name,
        })
    }

    fn event(
        &mut self,
        task: &TaskPath,
        at: u64,
        name: &'static str,
        facts: &[(&'static str, Value)],
    ) {
        let span = match self.tasks.get_mut(task) {
            Some(task) => task.attempt.as_mut().unwrap_or(&mut task.span),
            None => &mut self.span,
        };
        span.events.push((at, name, facts.to_vec()));
    }

    fn complete(
        &mut self,
        path: &TaskPath,
        outcome: &Outcome,
        usage: &Usage,
        reused: bool,
        at: u64,
        ended: &mut Vec<Span>,
    ) {
        let Some(Task { mut span, attempt }) = self.tasks.remove(path) else { return };
        let error = outcome.failure().map(|failure| failure.code.as_str());
        ended.extend(attempt.map(|attempt| attempt.ended(at, error)));
        consumed(&mut span, usage);
        if reused {
            span.add("baton.reused", Value::Truth(true));
        }
        ended.push(span.ended(at, error));
    }

    fn finish(&mut self, outcome: &Outcome, usage: &Usage, at: u64, ended: &mut Vec<Span>) {
        // Nobody will say any more how these ended.
        for span in std::mem::take(&mut self.calls).into_values() {
            ended.push(span.ended(at, Some("abandoned")));
        }
        while let Some((_, task)) = self.tasks.pop_last() {
            ended.extend(task.attempt.map(|attempt| attempt.ended(at, Some("abandoned"))));
            ended.push(task.span.ended(at, Some("abandoned")));
        }
        let error = outcome.failure().map(|failure| failure.code.as_str());
        let mut span = self.span.clone();
        consumed(&mut span, usage);
        ended.push(span.ended(at, error));
    }
}

fn paused(reason: &Pause) -> &'static str {
    match reason {
        Pause::Cap { .. } => "cap",
        Pause::Provider { outage, .. } => outage.as_str(),
        Pause::Person { .. } => "person",
        Pause::Interrupted => "interrupted",
        Pause::Gate { .. } => "gate",
        Pause::Message => "message",
    }
}

/// What was consumed, where there was anything.
fn consumed(span: &mut Span, usage: &Usage) {
    for (name, count) in [
        ("gen_ai.usage.input_tokens", usage.input_tokens),
        ("gen_ai.usage.output_tokens", usage.output_tokens),
        ("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens),
        ("baton.usage.cost_micro_usd", usage.cost_micro_usd),
        ("baton.usage.estimated_calls", usage.estimated_calls),
    ] {
        if count > 0 {
            span.add(name, Value::count(count));
        }
    }
}

#[cfg(test)]
mod tests;
