//! What was asked, and how far it is.

use baton_core::budget::Cap;
use baton_core::gate::GateSpec;
use baton_core::ids::Timestamp;
use baton_core::record::{RunStarted, Work};

use super::Text;
use crate::live::model::{Kind, Task};
use crate::live::words::{consumed, doing};
use crate::output::{BAD, BOLD, WARN};
use crate::pause;
use crate::render::record::effect_word;
use crate::render::{self, detailed};
use crate::shapes::moment;
use crate::text::{duration, one_line, plural};
use crate::watch::state::rows::Node;
use crate::watch::state::run::Run;

pub(super) fn write(text: &mut Text, run: &Run, now: Timestamp) {
    match run.cursor {
        Node::Task(place) => match run.model.at(place) {
            Some(task) if !task.path.is_root() => self::task(text, run, task, now),
            _ => root(text, run, now),
        },
        Node::Group(place, group) => phase(text, run, place, group),
        Node::ToCome(_) => text.nothing("declared by the workflow, not reached yet"),
    }
}

fn task(text: &mut Text, run: &Run, task: &Task, now: Timestamp) {
    let (_, word, _) = render::state(task.state, run.row.owned || task.started.is_none());
    let mut facts = vec![word.to_owned()];
    facts.extend(task.elapsed(now).map(duration));
    // Of a task that is open, what it does says that as well.
    if task.attempt > 1 && task.ended.is_some() {
        facts.push(format!("attempt {}", task.attempt));
    }
    if task.free {
        facts.push("at no cost: a result of another run".into());
    }
    if task.ended.is_none() && task.kind != Kind::Gate {
        facts.push(doing(task, now));
    }
    facts.retain(|fact| !fact.is_empty());
    text.fact("state", &facts.join(" · "));
    if let Some(failure) = task.failure.as_deref().filter(|_| task.ended.is_some()) {
        text.painted(BAD, "failure", failure);
    }
    if let Some(gate) = &task.gate {
        self::gate(text, task, gate, now);
    }
    let unheard = run.detail.mail.iter().filter(|mail| mail.seq > run.detail.heard).count();
    if unheard > 0 && task.ended.is_none() {
        text.painted(WARN, "messages", &format!("{unheard} not read yet"));
    }
    text.fact("by", &task.backend.as_deref().map(one_line).unwrap_or_default());
    text.fact("used", &detailed(&task.usage));
    match run.detail.work.as_deref() {
        Some(Work::Agent { spec, effect, .. }) => {
            text.fact("prompt", &spec.prompt);
            text.fact("input", spec.input.as_ref().map_or("", |input| input.as_str()));
            text.fact("schema", spec.schema.as_ref().map_or("", |schema| schema.as_str()));
            text.fact("effect", effect_word(*effect));
        }
        Some(Work::Tool { spec, effect, .. }) => {
            text.fact("input", spec.input.as_str());
            text.fact("effect", effect_word(*effect));
        }
        Some(Work::Workflow { spec, .. }) => text.fact("input", spec.input.as_str()),
        Some(Work::Sleep { .. } | Work::Gate { .. }) | None => {}
    }
    text.fact("id", &run.task_id(task));
}

fn gate(text: &mut Text, task: &Task, gate: &GateSpec, now: Timestamp) {
    text.painted(BOLD, "question", &gate.question);
    let options = &gate.options;
    text.fact("", options.details.as_deref().unwrap_or_default());
    text.fact("choices", &options.choices.join("\n"));
    text.fact("data", options.schema.as_ref().map_or("", |schema| schema.as_str()));
    if task.ended.is_some() {
        return;
    }
    if let Some(due) = task.due {
        let left = match due.since(now) {
            0 => "is over".to_owned(),
            left => format!("in {}", duration(left)),
        };
        let default = match &options.default {
            Some(default) => format!("then the answer is {default}"),
            None => "then the gate fails".to_owned(),
        };
        text.fact("deadline", &format!("{left}; {default}"));
    }
    text.painted(WARN, "answer", "a approves, x rejects");
}

fn phase(text: &mut Text, run: &Run, place: usize, group: usize) {
    let group = run.model.at(place).and_then(|task| task.groups.get(group));
    let Some((group, phase)) =
        group.and_then(|group| Some((group, run.model.phases.get(group.phase)?)))
    else {
        return;
    };
    let all = plural(group.members.len() as u64, "task");
    text.fact("tasks", &format!("{all}, {} ended, {} failed", group.ended, group.failed));
    text.fact("agents", &format!("{} at work", phase.counts.working));
    text.fact("used", &detailed(&group.usage));
    text.fact("caps", &run.model.cap(phase).map(cap).unwrap_or_default());
}

fn root(text: &mut Text, run: &Run, now: Timestamp) {
    let (_, word, _) = render::state(run.state(), run.row.owned);
    let mut facts = vec![word.to_owned()];
    if let Some(reason) = &run.model.paused {
        facts.push(pause::words(reason, now));
    }
    if let Some(by) = run.model.pausing.as_deref().filter(|_| !run.state().is_final()) {
        facts.push(format!("pause ordered by {by}: what is at work ends first"));
    }
    if !run.row.owned && !run.state().is_final() {
        facts.push("nobody drives it: p goes on with it".into());
    }
    text.fact("state", &facts.join(" · "));
    for path in &run.model.gates {
        if let Some(gate) = run.model.task(path).and_then(|task| task.gate.as_ref()) {
            text.painted(WARN, "asks", &format!("/{path} {}", one_line(&gate.question)));
        }
    }
    let root = run.model.at(crate::live::model::ROOT);
    if let Some(failure) = root.and_then(|root| root.failure.as_deref()) {
        text.painted(BAD, "failure", failure);
    }
    text.fact("run", run.id().as_str());
    let mut used = detailed(&run.model.usage);
    if run.model.reused > 0 {
        used = format!("{used} · {} reused", run.model.reused);
    }
    text.fact("used", used.trim_start_matches([' ', '·']));
    text.fact("caps", &cap(&run.model.caps.run));
    if let Some(started) = &run.model.started {
        self::started(text, started);
    }
}

fn started(text: &mut Text, started: &RunStarted) {
    let RunStarted { by, root, fork, follows, input, script, .. } = started;
    text.fact("workflow", &one_line(started.name()));
    text.fact("script", script.as_ref().map_or("", |script| script.path.as_str()));
    text.fact("root", root.as_deref().unwrap_or("none"));
    if let Some(fork) = fork {
        let edit = fork.edit.as_deref().map(|edit| format!("; {edit}")).unwrap_or_default();
        let at = fork.at;
        text.fact("fork of", &format!("{} at record {at}, {}{edit}", fork.run, moment(fork.made)));
    }
    if let Some(follows) = follows {
        text.fact("follows", follows.as_str());
    }
    text.fact("by", by);
    text.fact("input", input.as_str());
}

fn cap(cap: &Cap) -> String {
    let mut facts = consumed(
        &baton_core::handoff::Usage {
            input_tokens: cap.tokens.unwrap_or_default(),
            cost_micro_usd: cap.cost_micro_usd.unwrap_or_default(),
            ..Default::default()
        },
        None,
    );
    facts.extend(cap.agents.map(|agents| plural(agents, "agent")));
    facts.extend(cap.wall_ms.map(duration));
    facts.join(" · ")
}
