//! What happened to a task on its way: calls of models, messages, orders, pauses.

use super::Look;
use crate::budget::Cap;
use crate::handoff::Usage;
use crate::ids::TaskPath;
use crate::model::{Price, TokenUsage};
use crate::record::{Effect, Pause, Work};
use crate::run::{MESSAGE_BYTES_MAX, TaskState};
use crate::session::Session;
use crate::spec::LadderCheck;

/// How much dearer than its price a call of a model is at the most: some providers take more for a long
/// conversation.
const BEYOND: u64 = 2;

impl Look<'_> {
    /// A call of a model is of one that the agent was given, and is reserved at its price.
    pub(super) fn asked(&mut self, task: &TaskPath, provider: &str, model: &str, reserve: &Usage) {
        let Some(Work::Agent { spec, backend, .. }) =
            self.run.tasks.get(task).map(|known| &*known.work)
        else {
            return;
        };
        let asked = format!("{provider}:{model}");
        let ladder = spec.options.ladder.as_deref();
        let challenger = ladder.and_then(|ladder| match ladder.check.as_ref()? {
            LadderCheck::Challenger { model, .. } => Some(model),
            LadderCheck::Tool { .. } => None,
        });
        let rungs = ladder.into_iter().flat_map(|ladder| &ladder.rungs);
        // Others than models may ask one that nobody named.
        let named = self.run.started.models.split(backend).is_none()
            || rungs.chain(challenger).chain([backend]).any(|known| *known == asked);
        if !named {
            self.say("model", &asked, backend);
        }
        self.priced("reserve.cost_micro_usd", &asked, reserve);
    }

    /// What an answer cost is its price.
    pub(super) fn turned(&mut self, task: &TaskPath, usage: &Usage) {
        let Some(Work::Agent { spec, backend, .. }) =
            self.run.tasks.get(task).map(|known| &*known.work)
        else {
            return;
        };
        // Which step of a ladder it was is in the conversation alone.
        if spec.options.ladder.is_none() {
            self.priced("usage.cost_micro_usd", backend, usage);
        }
    }

    fn priced(&mut self, field: &str, backend: &str, usage: &Usage) {
        let Some(price) = self.run.started.models.price(backend) else { return };
        let (least, most) = costs(price, usage);
        self.hold(field, &usage.cost_micro_usd, &usage.cost_micro_usd.clamp(least, most));
    }

    /// The step of a ladder that passed is one of it.
    pub(super) fn passed(&mut self, task: &TaskPath, (rung, rungs): (u32, u32), backend: &str) {
        let Some(Work::Agent { spec, .. }) = self.run.tasks.get(task).map(|known| &*known.work)
        else {
            return;
        };
        let steps = spec.options.ladder.as_ref().map(|ladder| ladder.rungs.as_slice());
        let steps = steps.unwrap_or_default();
        self.hold("rungs", &u64::from(rungs), &(steps.len() as u64));
        let step = usize::try_from(rung).ok().and_then(|rung| steps.get(rung));
        let due = step.map_or("a step of the ladder", String::as_str);
        self.hold("backend", &backend, &due);
    }

    pub(super) fn messaged(&mut self, task: &TaskPath, text: &str) {
        let work = self.run.tasks.get(task).map(|known| &*known.work);
        if !matches!(work, Some(Work::Agent { .. })) {
            self.say("task", &format!("/{task}"), "an agent");
        }
        if text.len() > MESSAGE_BYTES_MAX {
            self.say("text", &format!("{} bytes", text.len()), "a message within its limit");
        }
    }

    /// What an agent heard are messages that it had not heard.
    pub(super) fn heard(&mut self, task: &TaskPath, upto: u64) {
        let Some(known) = self.run.tasks.get(task).filter(|_| !self.is_shared()) else { return };
        let news = known.heard < upto && known.messages.iter().any(|sent| sent.seq == upto);
        if !news {
            self.say("upto", &upto.to_string(), "the number of a message that it had not heard");
        }
    }

    /// A session is that of an agent at work, and was told nothing but messages.
    pub(super) fn session(&mut self, task: &TaskPath, session: &Session) {
        let Some(known) = self.run.tasks.get(task) else { return };
        if known.state != TaskState::Started || !session.is_sound() {
            self.say("session", &session.id, "the name of a session of an agent at work");
        }
        let told = session.told;
        if told != 0 && !known.messages.iter().any(|sent| sent.seq == told) {
            self.say("session.told", &told.to_string(), "the number of a message, or nothing");
        }
    }

    /// Only what is at work begins anew, and only what may happen twice.
    pub(super) fn restarted(&mut self, task: &TaskPath) {
        let Some(known) = self.run.tasks.get(task) else { return };
        let once = known.did_once || known.work.effect() == Some(Effect::Once);
        if known.state != TaskState::Started || once {
            self.say("task", &format!("/{task}"), "a task at work that may begin anew");
        }
    }

    pub(super) fn paused(&mut self, reason: &Pause) {
        let run = self.run;
        match reason {
            Pause::Gate { task, question } => {
                let asked = run.open_gates().find(|(path, _)| *path == task);
                let due = asked.map(|(_, spec)| spec.question.as_str());
                self.hold("reason.gate.question", &Some(question.as_str()), &due);
            }
            Pause::Cap { cap, short: Some(short) } => {
                let of = match (&short.phase, &short.task) {
                    (Some(phase), _) => run.caps.phases.get(phase),
                    (None, Some(_)) => Some(&run.caps.task),
                    (None, None) => Some(&run.caps.run),
                };
                let due = of.and_then(|caps| amount(caps, cap));
                self.hold("reason.cap.short.cap", &Some(short.cap), &due);
                let used_up = short.needs == 0 && short.spent >= short.cap;
                let fits = short.spent.saturating_add(short.needs) <= short.cap && !used_up;
                if cap != "wall-time" && fits {
                    self.say("reason.cap.short", "it fits", "something that does not fit");
                }
            }
            _ => {}
        }
    }
}

/// The least and the most that tokens cost: how many of them the provider wrote into its cache is not
/// on record.
fn costs(price: &Price, usage: &Usage) -> (u64, u64) {
    let (input, cached) = (usage.input_tokens, usage.cached_tokens);
    let plain = TokenUsage { input, output: usage.output_tokens, cached, cache_written: 0 };
    let written = TokenUsage { cache_written: input.saturating_sub(cached), ..plain };
    let (plain, written) = (price.of(&plain), price.of(&written));
    (plain.min(written), plain.max(written).saturating_mul(BEYOND))
}

/// An amount of a cap by its name.
fn amount(cap: &Cap, name: &str) -> Option<u64> {
    match name {
        "agents" => cap.agents,
        "tokens" => cap.tokens,
        "input-tokens" => cap.input_tokens,
        "output-tokens" => cap.output_tokens,
        "cached-tokens" => cap.cached_tokens,
        "cost" => cap.cost_micro_usd,
        "wall-time" => cap.wall_ms,
        _ => None,
    }
}
