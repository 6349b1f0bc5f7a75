//! Calls of tools that one answer asks for.

use baton_core::json::Json;
use baton_core::scope::Capability;
use baton_core::tool::{Denial, RawToolSpec};
use baton_host::port::CallError;
use baton_models::ToolResult;
use futures::stream::{self, StreamExt};

use super::builtin::{Bench, Done, cut};
use super::catalog::Builtin;
use super::offers::{Offers, Tool};
use crate::backend::{Activity, JobContext, Notice, Toolbox};

/// Calls of one answer that are at work at once. They read files of one directory: more of them wait
/// for each other.
const AT_ONCE: usize = 8;

/// Characters of a name that a model made up.
const NAME_CHARS: usize = 64;

/// Said of a call that may or may not have been made.
const INTERRUPTED: &str = "Baton was interrupted before the result of this call was on record. The call \
may have been made or not: look at what is there before you make it again.";

/// Said of a call that was not waited for, because a person sent an urgent message.
const LEFT: &str =
    "Not waited for: a person sent an urgent message. The call may still be going on.";

/// Said of a call that was not made, for the same reason.
const NOT_MADE: &str =
    "Not made: a person sent an urgent message. Make the call again if it is still needed.";

/// A call that a model asked for.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) input: Json,
}

/// What calls tools.
pub(super) struct Hands<'a> {
    pub(super) context: &'a JobContext,
    pub(super) offers: &'a Offers,
    pub(super) bench: &'a Bench,
    /// The calls may have been made before: the process that received them ended.
    pub(super) again: bool,
    /// Number of the last message of people that the model was told.
    pub(super) told: u64,
}

impl Hands<'_> {
    /// Makes the calls, those that only read a few at a time, all others one after the other in their
    /// order, and brings their results in that order. Calls that hand in are not among them.
    pub(super) async fn make(&self, calls: &[Call]) -> Vec<ToolResult> {
        let mut results = Vec::with_capacity(calls.len());
        for group in calls.chunk_by(|one, other| self.only_reads(one) && self.only_reads(other)) {
            let made: Vec<ToolResult> = stream::iter(group.iter().cloned())
                .map(|call| self.one(call))
                .buffered(AT_ONCE)
                .collect()
                .await;
            results.extend(made);
        }
        results
    }

    fn only_reads(&self, call: &Call) -> bool {
        matches!(self.offers.get(&call.name), Some(Tool::Builtin(tool)) if tool.only_reads())
    }

    async fn one(&self, call: Call) -> ToolResult {
        let Call { id, name, input } = call;
        if self.context.inbox.is_urgent(self.told) {
            let content = if self.again { INTERRUPTED } else { NOT_MADE }.to_owned();
            return ToolResult { id, name, content, failed: true };
        }
        let done = match self.offers.get(&name) {
            Some(Tool::Builtin(tool)) => {
                self.tell(Notice::Activity(Activity::Tool(name.clone())));
                self.builtin(*tool, input).await
            }
            Some(Tool::Given(full)) => {
                self.tell(Notice::Activity(Activity::Tool(full.clone())));
                self.given(full, &input).await
            }
            Some(Tool::Submit) => Done::failed("another result was handed in"),
            None => self.unknown(&name),
        };
        if let Some(mut denied) = done.denied {
            denied.tried = self.context.redact.text(&denied.tried);
            self.tell(Notice::Denied(denied));
        }
        ToolResult { id, name, content: done.content, failed: done.failed }
    }

    async fn builtin(&self, tool: Builtin, input: Json) -> Done {
        if self.again && !tool.repeats() {
            return Done::failed(INTERRUPTED);
        }
        let bench = self.bench.clone();
        let made = tokio::task::spawn_blocking(move || bench.perform(tool, &input)).await;
        made.unwrap_or_else(|_| Done::failed("the call did not end"))
    }

    async fn given(&self, full: &str, input: &Json) -> Done {
        let Some(tools) = &self.context.tools else { return Done::failed("there are no tools") };
        self.bench.files.note_more();
        // Where nothing was done that must not happen twice, no call of the record was of that kind.
        if self.again && tools.did_once() {
            return Done::failed(INTERRUPTED);
        }
        let spec = RawToolSpec {
            name: full.to_owned(),
            input: input.as_str().to_owned(),
            options: "{}".to_owned(),
        };
        let made = tokio::select! {
            biased;
            made = tools.call(spec) => made,
            () = self.left(&**tools) => return Done::failed(LEFT),
        };
        let mut done = match made {
            Ok(output) => Done::well(match output.value() {
                serde_json::Value::String(text) => text,
                _ => output.as_str().to_owned(),
            }),
            Err(CallError::Refused(refusal)) => {
                let hint = match refusal.hint.as_str() {
                    "" => String::new(),
                    hint => format!("; {hint}"),
                };
                Done::failed(format!("refused: {} ({}){hint}", refusal.message, refusal.code))
            }
            Err(CallError::Failed(failure)) => {
                let detail = match failure.detail.as_str() {
                    "{}" => String::new(),
                    detail => format!("\n{detail}"),
                };
                Done::failed(format!("failed: {failure}{detail}"))
            }
        };
        done.content = cut(done.content, self.bench.result_bytes);
        done
    }

    /// Ends when a person says something urgent and nothing is at work that must not happen twice: that
    /// is always waited for.
    async fn left(&self, tools: &dyn Toolbox) {
        self.context.inbox.urgent(self.told).await;
        if tools.did_once() {
            std::future::pending::<()>().await;
        }
    }

    fn unknown(&self, name: &str) -> Done {
        let name: String = name.chars().take(NAME_CHARS).collect();
        Done {
            content: format!(
                "there is no tool `{name}` for you; there are: {}",
                self.offers.names()
            ),
            failed: true,
            denied: Some(Denial {
                capability: Capability::Tools,
                code: "tool-not-granted".to_owned(),
                tried: format!("call {name}"),
                hint: "grant it, and name it under `tools` where the agent is spawned".to_owned(),
            }),
        }
    }

    fn tell(&self, notice: Notice) {
        // A closed channel means that nobody keeps a journal of this job.
        let _ = self.context.notices.send(notice);
    }
}
