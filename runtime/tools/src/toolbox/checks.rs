//! What goes into a tool and what comes out of it: schemas, sizes, secrets.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use baton_agents::backend::BackendError;
use baton_agents::schema::Schema;
use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::json::Json;
use baton_core::tool::ToolDefinition;

use super::{ToolCall, Toolbox, permanent};

/// Which schema of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Input,
    Output,
}

impl Toolbox {
    /// The input as the tool gets it: checked, with an idempotency key where it takes one.
    pub(super) async fn input(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        key: &str,
    ) -> Result<Json, BackendError> {
        let input = match &definition.idempotency_key {
            Some(field) => with_key(&call.input, field, key),
            None => call.input.clone(),
        };
        self.fits(&call.tool, Side::Input, definition.input.as_ref(), &input).await?;
        Ok(input)
    }

    /// The handoff as the caller gets it: checked, without secrets, no larger than a result may be.
    pub(super) async fn output(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        mut handoff: Handoff,
    ) -> Result<Handoff, BackendError> {
        let redactor = self.secrets.redactor();
        handoff.output = redactor.json(&handoff.output);
        handoff.summary = redactor.text(&handoff.summary).into_owned();
        let (size, max) = (handoff.output.as_str().len() as u64, self.limits.run.result_bytes);
        if size > max {
            let message = format!("the output has {size} bytes; the limit is {max}");
            return Err(permanent(FailureKind::Limit, "run.result_bytes", message));
        }
        self.fits(&call.tool, Side::Output, definition.output.as_ref(), &handoff.output).await?;
        Ok(handoff)
    }

    async fn fits(
        &self,
        tool: &str,
        side: Side,
        schema: Option<&Json>,
        value: &Json,
    ) -> Result<(), BackendError> {
        let Some(schema) = schema else { return Ok(()) };
        let key = (tool.to_owned(), side);
        let known = self.schemas().get(&key).map(Arc::clone);
        let compiled = match known {
            Some(compiled) => compiled,
            None => {
                let compiled = Schema::compile(schema).await.map_err(BackendError::Permanent)?;
                let compiled = Arc::new(compiled);
                self.schemas().insert(key, Arc::clone(&compiled));
                compiled
            }
        };
        let errors = compiled.errors(value).await.map_err(BackendError::Permanent)?;
        if errors.is_empty() {
            return Ok(());
        }
        let (kind, code, what) = match side {
            Side::Input => (FailureKind::Failed, "tool-input", "input"),
            Side::Output => (FailureKind::InvalidOutput, "tool-output", "output"),
        };
        let message =
            format!("the {what} of `{tool}` does not fit its schema: {}", errors.join("; "));
        Err(self.redacted(permanent(kind, code, message)))
    }

    /// The error without secrets.
    pub(super) fn redacted(&self, error: BackendError) -> BackendError {
        let redactor = self.secrets.redactor();
        let clean = |mut failure: Failure| {
            failure.message = redactor.text(&failure.message).into_owned();
            failure.detail = redactor.json(&failure.detail);
            failure
        };
        match error {
            BackendError::Retryable { failure, after_ms } => {
                BackendError::Retryable { failure: clean(failure), after_ms }
            }
            BackendError::Permanent(failure) => BackendError::Permanent(clean(failure)),
            BackendError::Unavailable { outage, failure, after_ms } => {
                BackendError::Unavailable { outage, failure: clean(failure), after_ms }
            }
            BackendError::Cancelled => BackendError::Cancelled,
        }
    }

    fn schemas(&self) -> MutexGuard<'_, BTreeMap<(String, Side), Arc<Schema>>> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The input with the key, where it is an object that does not name one itself.
fn with_key(input: &Json, field: &str, key: &str) -> Json {
    match input.value() {
        serde_json::Value::Object(mut object) => {
            object.entry(field).or_insert_with(|| key.into());
            serde_json::Value::Object(object).into()
        }
        _ => input.clone(),
    }
}
