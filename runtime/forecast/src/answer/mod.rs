//! Answers that have the shape of what workers answer, made without any worker.

mod draw;
mod pattern;
mod shape;
mod temper;
mod words;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use baton_core::digest::Digest;
use baton_core::gate::{GateAnswer, GateSpec};
use baton_core::json::Json;
use baton_core::spec::AgentSpec;
use baton_core::tool::{EXEC, Tools};
use serde_json::{Value, json};

use self::draw::Draw;
use self::shape::Shaper;
pub use self::temper::{EXTREMES, Lean, SEEDS_MIN, Temper};

/// Words of an answer that is a text.
const TEXT_WORDS: usize = 24;

/// The answers of one dry run.
pub struct Answers {
    temper: Temper,
    tools: Tools,
    /// How often the same was asked before.
    asked: Mutex<BTreeMap<Digest, u64>>,
}

impl Answers {
    /// Answers of that temper; tools answer by their schemas.
    #[must_use]
    pub fn new(temper: Temper, tools: Tools) -> Self {
        Self { temper, tools, asked: Mutex::default() }
    }

    /// What an agent answers. Those that are asked the same answer differently, in whatever order they
    /// are asked otherwise.
    pub fn agent(&self, spec: &AgentSpec) -> Json {
        let input = spec.input.as_ref().map_or("", Json::as_str);
        let schema = spec.schema.as_ref().map_or("", Json::as_str);
        let draw = self.draw(&["agent", &spec.prompt, input, schema]);
        let mut paths = words::paths(&spec.prompt);
        paths.extend(words::paths(input));
        self.shaped(spec.schema.as_ref(), &paths, draw).into()
    }

    /// What a tool returns.
    pub fn tool(&self, tool: &str, input: &Json) -> Json {
        let mut draw = self.draw(&["tool", tool, input.as_str()]);
        if tool == EXEC {
            let fails = match self.temper.lean {
                Lean::Least => true,
                Lean::Most => false,
                Lean::Varied => !draw.chance(self.temper.truth),
            };
            let stdout = words::phrase(&mut draw, TEXT_WORDS);
            let status = u8::from(fails);
            return json!({ "status": status, "stdout": stdout, "stderr": "", "truncated": false })
                .into();
        }
        let schema = self.tools.known.get(tool).and_then(|known| known.output.as_ref());
        self.shaped(schema, &words::paths(input.as_str()), draw).into()
    }

    /// What a person answers: yes, in all but the leanest of dry runs.
    pub fn gate(&self, spec: &GateSpec) -> GateAnswer {
        if self.temper.lean == Lean::Least {
            return GateAnswer::rejected();
        }
        let mut draw = self.draw(&["gate", &spec.question]);
        let choice = draw.pick(&spec.options.choices).cloned();
        let schema = spec.options.schema.as_ref();
        let data = schema.map(|schema| self.shaped(Some(schema), &[], draw).into());
        GateAnswer { choice, data, ..GateAnswer::approved() }
    }

    fn shaped(&self, schema: Option<&Json>, paths: &[String], mut draw: Draw) -> Value {
        match schema {
            Some(schema) => Shaper::new(&self.temper, &schema.value(), paths, draw).answer(),
            None => Value::String(words::phrase(&mut draw, TEXT_WORDS)),
        }
    }

    fn draw(&self, words: &[&str]) -> Draw {
        let what = Digest::of_json(words);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(what).or_default();
        *times += 1;
        Draw::of(self.temper.seed, &[&what.hex(), &times.to_string()])
    }
}

#[cfg(test)]
mod tests;
