//! How a scripted host answers.

use serde_json::Value;

use crate::failure::{Failure, Refusal};
use crate::gate::GateAnswer;
use crate::handoff::Handoff;

/// How a request ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The task ends with this handoff.
    Done(Handoff<Value>),
    /// The task ends without one.
    Failed(Failure),
    /// The task is not even started.
    Refused(Refusal),
}

impl From<Value> for Reply {
    fn from(output: Value) -> Self {
        Self::Done(Handoff::new(output))
    }
}

impl From<Handoff<Value>> for Reply {
    fn from(handoff: Handoff<Value>) -> Self {
        Self::Done(handoff)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<T: serde::Serialize> From<GateAnswer<T>> for Reply {
    /// What cannot be written as JSON is answered with `null`, which is no answer.
    fn from(answer: GateAnswer<T>) -> Self {
        serde_json::to_value(answer).unwrap_or_default().into()
    }
}

impl<T: Into<Self>, E: Into<Self>> From<Result<T, E>> for Reply {
    fn from(result: Result<T, E>) -> Self {
        result.map_or_else(Into::into, Into::into)
    }
}
