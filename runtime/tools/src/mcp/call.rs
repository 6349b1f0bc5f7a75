//! One attempt at a call.

use std::time::Duration;

use baton_agents::backend::{BackendError, JobContext};
use baton_agents::cancelled;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::json::Json;
use baton_core::limits::Limits;
use rmcp::model::JsonObject;
use serde_json::Value;
use tokio::time::sleep;

use super::connection::Connection;
use super::error::Problem;
use super::result;
use crate::job::ToolJob;

/// Why an attempt brought nothing.
#[derive(Debug)]
pub(super) enum Miss {
    /// It was ended.
    Stopped(BackendError),
    /// The server is at fault.
    Problem(Problem),
}

impl From<Problem> for Miss {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Makes a call. When `stop` comes first, the server is told that nobody waits any more.
pub(super) async fn perform(
    connection: &Connection,
    tool: &str,
    input: JsonObject,
    limits: &Limits,
    traceparent: Option<&str>,
    stop: impl Future<Output = BackendError>,
) -> Result<Json, Miss> {
    let mut stop = std::pin::pin!(stop);
    let mut request = tokio::select! {
        request = connection.call(tool, input, traceparent) => request?,
        error = &mut stop => return Err(Miss::Stopped(error)),
    };
    let result = tokio::select! {
        result = connection.result(&mut request) => result,
        error = stop => {
            let reason = if error == BackendError::Cancelled { "cancelled" } else { "timeout" };
            connection.cancel(request, reason).await;
            return Err(Miss::Stopped(error));
        }
    };
    let output = result.and_then(|result| result::output(result, limits));
    Ok(output.map_err(|problem| changed(problem, connection))?)
}

/// What ends an attempt although it is not done.
pub(super) async fn stop(job: &ToolJob, context: &JobContext) -> BackendError {
    tokio::select! {
        () = cancelled(context) => BackendError::Cancelled,
        () = sleep(Duration::from_millis(job.timeout_ms)) => {
            let message = format!("the call took longer than its {} ms", job.timeout_ms);
            BackendError::Permanent(Failure::new(FailureKind::TimedOut, "timeout", message))
        }
    }
}

/// The arguments of a call: an object, or null for none.
pub(super) fn arguments(input: &Json) -> Option<JsonObject> {
    match input.value() {
        Value::Object(object) => Some(object),
        Value::Null => Some(JsonObject::new()),
        _ => None,
    }
}

/// A server that refuses a call may have other tools by now than those the run knows.
fn changed(problem: Problem, connection: &Connection) -> Problem {
    match problem {
        Problem::Refused { code, message, data } if connection.has_changed() => {
            let message = format!("{message} (its tools have changed since it was started)");
            Problem::Refused { code, message, data }
        }
        other => other,
    }
}
