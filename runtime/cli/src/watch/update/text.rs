//! Keys that are written as text.

use baton_core::gate::Verdict;
use baton_journal::store::Control;

use crate::watch::key::Key;
use crate::watch::state::filter::Filter;
use crate::watch::state::input::Input;
use crate::watch::state::{Effect, Mode, State, Tone};

/// Begins to write a filter.
pub(super) fn begin_filter(state: &mut State) {
    let Some(run) = state.run() else { return };
    let text = run.filter.text.clone();
    state.mode = Mode::Filter(Input::new(text.clone()), text);
}

/// A key of the filter, which holds while it is written.
pub(super) fn filter(state: &mut State, key: &Key) -> Option<Effect> {
    let Mode::Filter(input, before) = &mut state.mode else { return None };
    let text = match key {
        Key::Esc => before.clone(),
        Key::Enter => input.text().trim().to_owned(),
        key => {
            input.key(key);
            input.text().to_owned()
        }
    };
    if matches!(key, Key::Esc | Key::Enter) {
        state.mode = Mode::Tree;
    }
    if let Some(run) = state.run_mut() {
        run.only(Filter::new(&text), *key == Key::Enter);
    }
    None
}

/// A key of a message.
pub(super) fn message(state: &mut State, key: &Key) -> Option<Effect> {
    let Mode::Message(draft) = &mut state.mode else { return None };
    match key {
        Key::Esc => state.mode = Mode::Tree,
        Key::Tab | Key::BackTab | Key::Ctrl('t') => draft.urgent = !draft.urgent,
        Key::Enter => {
            let text = draft.input.text().trim().to_owned();
            if text.is_empty() {
                return None;
            }
            let (to, urgent) = (draft.to.clone(), draft.urgent);
            let words = format!("message to {}", draft.name);
            state.mode = Mode::Tree;
            let run = state.run()?.id().clone();
            return Some(Effect::Send { run, control: Control::Send { to, text, urgent }, words });
        }
        key => _ = draft.input.key(key),
    }
    None
}

/// A key of the answer to a gate.
pub(super) fn answer(state: &mut State, key: &Key) -> Option<Effect> {
    let Mode::Answer(form) = &mut state.mode else { return None };
    match key {
        Key::Esc => state.mode = Mode::Tree,
        Key::Enter => {
            let answer = form.answer()?;
            let (task, word) = (form.task.clone(), verb(form.verdict));
            if let Mode::Answer(form) = std::mem::take(&mut state.mode) {
                state.answered = Some(form);
            }
            let run = state.run()?;
            // Somebody else may have answered while this was written.
            if !run.model.gates.contains(&task) {
                state.tell(Tone::Bad, format!("/{task} is no longer open"));
                return None;
            }
            let words = format!("{word} /{task}");
            return Some(Effect::answer(&run.id().clone(), &task, answer, words));
        }
        key => form.key(key),
    }
    None
}

/// The verdict as a verb.
#[must_use]
fn verb(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approve",
        Verdict::Rejected => "reject",
    }
}
