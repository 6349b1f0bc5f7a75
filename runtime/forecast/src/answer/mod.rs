//! Answers that have the shape of what workers answer, made without any worker.

mod command;
mod draw;
mod ground;
mod pattern;
mod shape;
mod temper;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use baton_core::digest::Digest;
use baton_core::gate::{GateAnswer, GateSpec};
use baton_core::json::Json;
use baton_core::spec::AgentSpec;
use baton_core::tool::{EXEC, Tools};
use serde_json::{Value, json};

pub(crate) use self::command::Kind;
use self::draw::Draw;
use self::ground::Sources;
use self::shape::Shaper;
pub use self::temper::{EXTREMES, Lean, SEEDS_MIN, Temper};
pub(crate) use self::words::is_made_up;
use crate::world::World;

/// Words of an answer that is a text: about as many tokens as agents write, so that prompts which
/// hold it are as long as they will be.
const TEXT_WORDS: usize = 320;

/// The answers of one dry run.
pub struct Answers {
    temper: Temper,
    tools: Tools,
    world: Arc<World>,
    /// How often the same was asked before.
    asked: Mutex<BTreeMap<Digest, u64>>,
}

impl Answers {
    /// Answers of that temper; tools answer by their schemas.
    #[must_use]
    pub fn new(temper: Temper, tools: Tools) -> Self {
        Self { temper, tools, world: Arc::default(), asked: Mutex::default() }
    }

    /// The same, citing files of this world.
    pub(crate) fn in_world(self, world: Arc<World>) -> Self {
        Self { world, ..self }
    }

    /// What an agent answers. Those that are asked the same answer differently, in whatever order they
    /// are asked otherwise.
    pub fn agent(&self, spec: &AgentSpec) -> Json {
        let input = spec.input.as_ref().map_or("", Json::as_str);
        let schema = spec.schema.as_ref().map_or("", Json::as_str);
        let draw = self.draw(&["agent", &spec.prompt, input, schema]);
        self.shaped(spec.schema.as_ref(), &[&spec.prompt, input], draw).into()
    }

    /// Whether something happens to an agent that does in that share of the cases.
    pub(crate) fn happens(&self, what: &str, spec: &AgentSpec, share: f64) -> bool {
        if share <= 0.0 {
            return false;
        }
        let input = spec.input.as_ref().map_or("", Json::as_str);
        self.draw(&[what, &spec.prompt, input]).chance(share)
    }

    /// What a tool returns.
    pub fn tool(&self, tool: &str, input: &Json) -> Json {
        let mut draw = self.draw(&["tool", tool, input.as_str()]);
        if tool == EXEC {
            let kind =
                Kind::of(&argv(&input.value()).iter().map(String::as_str).collect::<Vec<_>>());
            let fails = match self.temper.lean {
                _ if kind.reports() => false,
                Lean::Least => true,
                Lean::Most => false,
                Lean::Varied => !draw.chance(self.temper.truth),
            };
            let stdout = kind.print(&mut draw, &self.temper, &self.world);
            let status = u8::from(fails);
            return json!({ "status": status, "stdout": stdout, "stderr": "", "truncated": false })
                .into();
        }
        let schema = self.tools.known.get(tool).and_then(|known| known.output.as_ref());
        self.shaped(schema, &[input.as_str()], draw).into()
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

    /// `texts` are what was asked.
    fn shaped(&self, schema: Option<&Json>, texts: &[&str], mut draw: Draw) -> Value {
        match schema {
            Some(schema) => {
                let sources = Sources::of(texts, &self.world);
                Shaper::new(&self.temper, &schema.value(), &sources, draw).answer()
            }
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

/// The words of a command, as the input of the tool that runs it has them.
pub(crate) fn argv(input: &Value) -> Vec<String> {
    let words = input.get("argv").and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
