//! What an agent of a dry run consumes.

use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::spec::{AgentSpec, Ladder, LadderCheck};

use super::Performer;
use crate::answer::Lean;
use crate::rates::{self, Spend, Talk};
use crate::tokens::Counter;

impl Performer {
    /// What an agent consumes, and whether its result passes what checks it.
    pub(super) fn spend(
        &self,
        task: &TaskPath,
        spec: &AgentSpec,
        backend: &str,
        output: &Json,
    ) -> (Spend, bool) {
        let weight = self.temper.weight;
        if let Some(spend) = self.known.rates.known(&spec.options.phase, backend, weight) {
            // What attempts at it consumed is in what is known.
            return (spend, true);
        }
        let checks = |ladder: &&Ladder| ladder.check.is_some() && !ladder.rungs.is_empty();
        let ladder = spec.options.ladder.as_deref().filter(checks);
        let Some(ladder) = ladder else { return (self.attempt(task, spec, backend, output), true) };
        self.account().checked += 1;
        let mut whole = Spend::default();
        for rung in &ladder.rungs {
            whole.add(&self.attempt(task, spec, rung, output));
            whole.add(&self.check(ladder, output));
            let passes = match self.temper.lean {
                Lean::Least | Lean::Most => true,
                Lean::Varied => self.answers.happens("passes", spec, rates::PASSES),
            };
            if passes {
                return (whole, true);
            }
        }
        (whole, false)
    }

    /// What one attempt consumes of which nothing is known.
    fn attempt(&self, task: &TaskPath, spec: &AgentSpec, backend: &str, output: &Json) -> Spend {
        let weight = self.temper.weight;
        if self.models.split(backend).is_none() {
            if !backend.starts_with(baton_core::backend::COMPONENT) {
                self.account().silent.insert(backend.to_owned());
            }
            return rates::worker(backend, weight);
        }
        let counter = self.counts(backend);
        let (request, looks) = self.prompts.opening(&self.run, task, spec);
        let is_text = spec.schema.is_none();
        let talk = Talk {
            opening: counter.request(&request, &self.known.memo),
            look: looks.then(|| rates::look(self.known.world.file_tokens())),
            turns_max: spec.options.max_turns.map(u64::from),
            result: rates::result(counter, &output.value(), is_text),
        };
        rates::conversation(talk, self.models.price(backend), weight)
    }

    /// What it takes to check a result.
    fn check(&self, ladder: &Ladder, output: &Json) -> Spend {
        let weight = self.temper.weight;
        match &ladder.check {
            Some(LadderCheck::Challenger { model, prompt }) => {
                let counter = self.counts(model);
                let shown = counter.text(prompt) + rates::result(counter, &output.value(), false);
                let talk = Talk {
                    opening: shown,
                    look: None,
                    turns_max: None,
                    result: rates::STRING_TOKENS,
                };
                rates::conversation(talk, self.models.price(model), weight)
            }
            Some(LadderCheck::Tool { .. }) => {
                Spend { ms: rates::times(rates::TOOL_MS, weight), ..Spend::default() }
            }
            None => Spend::default(),
        }
    }

    /// What counts the tokens of a model, having noted who it is.
    fn counts(&self, backend: &str) -> Counter {
        let counter = Counter::of(&self.models, backend);
        let mut account = self.account();
        account.counters.entry(counter).or_default().insert(backend.to_owned());
        if self.models.price(backend).is_none() {
            account.unpriced.insert(backend.to_owned());
        }
        counter
    }
}
