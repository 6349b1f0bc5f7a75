//! What keys do. Pure: the state before and a key give the state after and what is to be done
//! outside. A key alone never changes a run: whatever does asks first, or is a text that Enter sends.

mod act;
mod text;
mod tree;

use super::key::Key;
use super::state::{Effect, Mode, State};

/// Takes a key in.
pub fn update(state: &mut State, key: &Key) -> Option<Effect> {
    if *key == Key::Ctrl('c') {
        return Some(Effect::Quit);
    }
    match &mut state.mode {
        Mode::Help => {
            state.mode = Mode::Tree;
            None
        }
        Mode::Confirm(_) => confirmed(state, key),
        Mode::Filter(..) => text::filter(state, key),
        Mode::Message(_) => {
            let effect = text::message(state, key);
            act::written(state, effect)
        }
        Mode::Answer(_) => {
            let effect = text::answer(state, key);
            act::written(state, effect)
        }
        Mode::Tree | Mode::Detail => command(state, key),
    }
}

/// A key where none is written as text.
fn command(state: &mut State, key: &Key) -> Option<Effect> {
    if !matches!(key, Key::Paste(_)) {
        state.notice = None;
    }
    match key {
        Key::Char('q') => return Some(Effect::Quit),
        Key::Char('?') => state.mode = Mode::Help,
        Key::Char('p') => act::pause(state),
        Key::Char('c') => act::cancel(state),
        Key::Char('t') => act::retry(state),
        Key::Char('r') => act::restart(state),
        Key::Char('m') => act::message(state),
        Key::Char('a') => act::answer(state, true),
        Key::Char('x') => act::answer(state, false),
        Key::Char('o') => return Some(Effect::Page),
        Key::Char('/') => text::begin_filter(state),
        Key::Char('f') => tree::next_filter(state),
        Key::Char('[') => tree::tab(state, -1),
        Key::Char(']') => tree::tab(state, 1),
        Key::Tab => tree::run(state, 1),
        Key::BackTab => tree::run(state, -1),
        Key::Char(digit @ '1'..='9') => tree::run_at(state, *digit),
        key if matches!(state.mode, Mode::Detail) => tree::in_detail(state, key),
        key => tree::in_tree(state, key),
    }
    None
}

/// Yes, no, or the third way. Only an answer ends the question.
fn confirmed(state: &mut State, key: &Key) -> Option<Effect> {
    let Mode::Confirm(question) = std::mem::take(&mut state.mode) else { return None };
    let other = question.other.as_ref().map(|(key, ..)| *key);
    match key {
        Key::Char('y' | 'Y') => Some(question.yes),
        Key::Char(letter) if other == Some(*letter) => question.other.map(|(_, _, effect)| effect),
        Key::Char('n' | 'N' | 'q') | Key::Esc => None,
        _ => {
            state.mode = Mode::Confirm(question);
            None
        }
    }
}

#[cfg(test)]
mod tests;
