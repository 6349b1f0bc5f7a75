//! Keys that begin something that changes a run: each ends in a question or a text.

use baton_core::gate::Verdict;
use baton_core::ids::RunId;
use baton_journal::rows;
use baton_journal::store::{Address, Control};

use crate::live::model::{Kind, Task};
use crate::text::one_line;
use crate::watch::state::answer::AnswerForm;
use crate::watch::state::input::Input;
use crate::watch::state::rows::Node;
use crate::watch::state::{Confirm, Draft, Effect, Mode, State, Tone};

/// Asks whether the run shall stop for a time, or go on.
pub(super) fn pause(state: &mut State) {
    let Some(run) = state.run() else { return };
    let (id, now) = (run.id().clone(), run.state());
    if now.is_final() {
        return state.tell(Tone::Bad, format!("{id} has ended"));
    }
    let send =
        |control, words: &str| Effect::Send { run: id.clone(), control, words: words.to_owned() };
    let paused = matches!(now, rows::State::Paused | rows::State::Waiting);
    let question = if !run.row.owned {
        go_on(&id)
    } else if paused || run.model.pausing.is_some() {
        let question = format!("Go on with {id} now?");
        Confirm { question, yes: send(Control::Resume, "resume"), other: None }
    } else {
        Confirm {
            question: "Pause? Nothing further starts; what is at work ends first.".into(),
            yes: send(Control::Pause, "pause"),
            other: Some(('!', "at once", send(Control::PauseNow, "pause at once"))),
        }
    };
    state.mode = Mode::Confirm(question);
}

/// Asks whether a process in the background shall go on with a run that nobody drives.
fn go_on(id: &RunId) -> Confirm {
    let arguments = vec!["resume".into(), id.to_string(), "--detach".into()];
    let words = format!("resume {id}");
    let question = format!("Nobody drives {id}. Go on with it in the background?");
    Confirm { question, yes: Effect::Command { arguments, words }, other: None }
}

/// What was written is on its way: where nobody is there to take it, asks whether somebody shall be.
pub(super) fn written(state: &mut State, effect: Option<Effect>) -> Option<Effect> {
    if let (Some(run), Some(Effect::Send { .. })) = (state.run(), &effect)
        && !run.row.owned
    {
        state.mode = Mode::Confirm(go_on(run.id()));
    }
    effect
}

/// Asks whether the selected task, or the run, shall be cancelled.
pub(super) fn cancel(state: &mut State) {
    let Some(run) = state.run() else { return };
    let Some(task) = run.selected() else {
        return state.tell(Tone::Bad, "select a task, or the run at the top");
    };
    if task.ended.is_some() || run.state().is_final() {
        let name = if task.path.is_root() { run.id().to_string() } else { name(task) };
        return state.tell(Tone::Bad, format!("{name} has ended"));
    }
    let (question, words) = if task.path.is_root() {
        (format!("Cancel the whole run {}?", run.id()), "cancel the run".to_owned())
    } else {
        let below = if task.branches.is_empty() { "" } else { " and all below it" };
        (format!("Cancel {}{below}?", name(task)), format!("cancel /{}", task.path))
    };
    let yes = Effect::cancel(run.id(), &task.path, words);
    state.mode = Mode::Confirm(Confirm { question, yes, other: None });
}

/// Asks whether an ended task shall be done again, in a fork; of a run, what failed in it.
pub(super) fn retry(state: &mut State) {
    let Some(run) = state.run() else { return };
    let Some(task) = run.selected() else {
        return state.tell(Tone::Bad, "select a task that has ended");
    };
    let root = task.path.is_root();
    let (ended, other) = match (root, task.kind) {
        (true, _) => (run.state().is_final(), "; p goes on with it"),
        (false, Kind::Gate) => (task.ended.is_some(), "; a answers it"),
        (false, kind) if kind.is_performed() => (task.ended.is_some(), "; r restarts it"),
        (false, _) => (task.ended.is_some(), ""),
    };
    if !ended {
        let name = if root { run.id().to_string() } else { name(task) };
        return state.tell(Tone::Bad, format!("{name} has not ended{other}"));
    }
    let (id, question, words) = if root {
        let question = "Try again what failed, in a new run that takes over everything else?";
        (run.id().to_string(), question.to_owned(), "retry".to_owned())
    } else {
        let again = "again in a new run that takes over everything else?";
        (run.task_id(task), format!("Do {} {again}", name(task)), format!("retry /{}", task.path))
    };
    let yes = Effect::Command { arguments: vec!["retry".into(), id, "--detach".into()], words };
    state.mode = Mode::Confirm(Confirm { question, yes, other: None });
}

/// Asks whether a task at work shall begin anew.
pub(super) fn restart(state: &mut State) {
    let Some(run) = state.run() else { return };
    let at_work = |kind: Kind| kind.is_performed();
    let Some(task) = run.selected().filter(|task| at_work(task.kind)) else {
        return state.tell(Tone::Bad, "select an agent or tool at work");
    };
    if task.ended.is_some() {
        return state.tell(Tone::Bad, format!("{} has ended; t does it again", name(task)));
    }
    let question = format!("Let {} begin anew? What it did so far is dropped.", name(task));
    let control = Control::Restart { task: task.path.clone(), note: None };
    let words = format!("restart /{}", task.path);
    let yes = Effect::Send { run: run.id().clone(), control, words };
    state.mode = Mode::Confirm(Confirm { question, yes, other: None });
}

/// Begins a message to what is selected: an agent, a phase, or else the run.
pub(super) fn message(state: &mut State) {
    let Some(run) = state.run() else { return };
    if run.state().is_final() {
        let text = format!("the run has ended; `baton send {} TEXT` follows it up", run.id());
        return state.tell(Tone::Bad, text);
    }
    let agent = run.selected().filter(|task| task.kind == Kind::Agent);
    let (to, to_name) = match (agent, run.cursor) {
        (Some(task), _) if task.ended.is_some() => {
            return state.tell(Tone::Bad, format!("{} has ended", name(task)));
        }
        (Some(task), _) => (Address::Task(task.path.clone()), name(task)),
        (None, Node::Group(place, group)) => {
            let group = run.model.at(place).and_then(|task| task.groups.get(group));
            let phase = group.and_then(|group| run.model.phases.get(group.phase));
            let title = phase.map(|phase| phase.title.clone()).unwrap_or_default();
            let words = format!("phase {}", one_line(&title));
            (Address::Phase(title), words)
        }
        _ => (Address::Run, "the run".to_owned()),
    };
    let draft = Draft { to, name: to_name, input: Input::default(), urgent: false };
    state.mode = Mode::Message(draft);
}

/// Begins the answer to a gate: the selected one, or the one that was asked first.
pub(super) fn answer(state: &mut State, approve: bool) {
    let Some(run) = state.run_mut() else { return };
    let Some(place) = run.gate() else {
        return state.tell(Tone::Bad, "no question waits for an answer");
    };
    if run.cursor != Node::Task(place) {
        run.reveal(place);
    }
    let verdict = if approve { Verdict::Approved } else { Verdict::Rejected };
    let gate = run.model.at(place).and_then(|task| Some((task.path.clone(), task.gate.clone()?)));
    if let Some((task, spec)) = gate {
        state.mode = Mode::Answer(AnswerForm::new(task, *spec, verdict));
    }
}

/// A task as people call it.
fn name(task: &Task) -> String {
    format!("/{} {}", task.path, one_line(&task.label))
}
