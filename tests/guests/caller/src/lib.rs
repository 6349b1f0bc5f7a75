//! Calls the tools that its input names, and says what became of each.

use baton_guest::prelude::*;
use baton_guest::{FailureKind, Within};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to call.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// All at once.
    #[serde(default)]
    pub parallel: bool,
}

/// One call.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its input.
    #[serde(default)]
    pub input: Value,
    /// Narrows the files it may read.
    pub read: Option<Vec<String>>,
    /// How often; one time if it does not say.
    pub times: Option<usize>,
}

/// What became of a call.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Became {
    /// What it returned.
    Returned {
        /// The output.
        output: Value,
    },
    /// Why it returned nothing.
    Failed {
        /// The kind of failure or refusal.
        kind: String,
        /// Its code.
        code: String,
        /// In words.
        message: String,
    },
}

fn became(result: std::result::Result<Value, TaskError>) -> Became {
    match result {
        Ok(output) => Became::Returned { output },
        Err(TaskError::Failed(failure)) => Became::Failed {
            kind: if failure.kind == FailureKind::InDoubt {
                "in-doubt".into()
            } else {
                format!("{:?}", failure.kind).to_lowercase()
            },
            code: failure.code,
            message: failure.message,
        },
        Err(TaskError::Refused(refusal)) => {
            Became::Failed { kind: "refusal".into(), code: refusal.code, message: refusal.message }
        }
        Err(other) => {
            Became::Failed { kind: "other".into(), code: String::new(), message: other.to_string() }
        }
    }
}

/// Makes the calls.
#[baton_guest::workflow(
    name = "caller",
    description = "Calls tools, for tests.",
    read("**"),
    tools("*"),
    exec("/bin/sh **", "/bin/echo **", "/bin/cat **")
)]
pub async fn run(cx: Cx, input: Input) -> Result<Value> {
    let one = |call: &Call| {
        let asked = cx.tool(&call.tool, &call.input).label(&call.tool);
        match &call.read {
            Some(read) => asked.within(Within::new().read(read.clone())),
            None => asked,
        }
    };
    let mut all = Vec::new();
    let repeated = |call: &Call| call.times.unwrap_or(1);
    if input.parallel {
        let calls: Vec<_> =
            input.calls.iter().flat_map(|call| (0..repeated(call)).map(move |_| call)).collect();
        for result in join_all(calls.into_iter().map(one)).await {
            all.push(became(result));
        }
    } else {
        for call in &input.calls {
            for _ in 0..repeated(call) {
                all.push(became(one(call).await));
            }
        }
    }
    Ok(json!(all))
}
