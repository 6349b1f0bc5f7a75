//! A hostile agent, and what its workflow sees of it.

use serde_json::{Value, json};

use crate::bindings::baton::runtime::tasks::{self, Delivery};
use crate::spawning::agent;
use crate::{Case, End, answer, kebab, refused};

pub(crate) const CASES: &[Case] = &[("agent", hand_over)];

/// Gives `prompt`, `schema` and `options` of the input to an agent and answers how it ended.
fn hand_over(input: &Value) -> End {
    let options = input.get("options").unwrap_or(&json!({})).to_string();
    let mut spec = agent(input["prompt"].as_str().unwrap_or_default(), &options);
    spec.schema = input.get("schema").map(ToString::to_string);
    if let Err(refusal) = tasks::spawn_agent(&spec) {
        return answer(refused(&refusal));
    }
    let Ok(Delivery::Completion(completion)) = tasks::wait_any(None) else {
        return answer("nothing came");
    };
    match completion.outcome {
        Ok(done) => Ok(done),
        Err(failure) => {
            let kind = kebab(&format!("{:?}", failure.kind));
            answer(format!("{kind}:{}", failure.code))
        }
    }
}
