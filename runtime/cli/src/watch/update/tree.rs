//! Going through the tree, the details and the runs.

use crate::live::model::ROOT;
use crate::watch::key::Key;
use crate::watch::state::filter::{CYCLE, Filter};
use crate::watch::state::rows::Node;
use crate::watch::state::{Mode, State};

/// A key in the tree.
pub(super) fn in_tree(state: &mut State, key: &Key) {
    let page = state.metrics.tree.max(2) - 1;
    let mut detail = false;
    let Some(run) = state.run_mut() else { return };
    let at = run.position().unwrap_or_default();
    match key {
        Key::Up | Key::Char('k') => run.select(at.saturating_sub(1)),
        Key::Down | Key::Char('j') => run.select(at + 1),
        Key::PageUp | Key::Ctrl('b') => run.select(at.saturating_sub(page)),
        Key::PageDown | Key::Ctrl('f') => run.select(at + page),
        Key::Home | Key::Char('g') => run.select(0),
        Key::End | Key::Char('G') => run.select(usize::MAX),
        Key::Char(' ') => toggle(state),
        Key::Left | Key::Char('h') => {
            let open = run.rows.get(at).and_then(|row| row.open);
            let folds = run.filter.is_empty() && run.cursor != Node::Task(ROOT);
            if open == Some(true) && folds {
                toggle(state);
            } else {
                run.cursor = run.above(run.cursor);
                run.look();
            }
        }
        Key::Right | Key::Char('l') => match run.rows.get(at).and_then(|row| row.open) {
            Some(false) => toggle(state),
            Some(true) => run.select(at + 1),
            None => {}
        },
        Key::Enter => detail = true,
        Key::Esc if !run.filter.is_empty() => {
            run.only(Filter::default(), false);
        }
        _ => {}
    }
    if detail {
        state.mode = Mode::Detail;
    }
}

/// Folds or unfolds what is selected.
fn toggle(state: &mut State) {
    let Some(run) = state.run_mut() else { return };
    let foldable = run.rows.iter().any(|row| row.node == run.cursor && row.open.is_some());
    // Below a filter everything that fits is shown.
    if foldable && run.filter.is_empty() {
        if !run.toggled.remove(&run.cursor) {
            run.toggled.insert(run.cursor);
        }
        run.refresh(true);
    }
}

/// A key in the details.
pub(super) fn in_detail(state: &mut State, key: &Key) {
    let (page, end) = (state.metrics.detail.max(2) - 1, state.metrics.detail_end);
    let Some(run) = state.run_mut() else { return };
    let at = run.scroll.unwrap_or(if run.tab.grows() { end } else { 0 }).min(end);
    let to = match key {
        Key::Up | Key::Char('k') => at.saturating_sub(1),
        Key::Down | Key::Char('j') => at + 1,
        Key::PageUp | Key::Ctrl('b') => at.saturating_sub(page),
        Key::PageDown | Key::Char(' ') | Key::Ctrl('f') => at + page,
        Key::Home | Key::Char('g') => 0,
        Key::End | Key::Char('G') => end,
        Key::Left | Key::Char('h') => return tab(state, -1),
        Key::Right | Key::Char('l') => return tab(state, 1),
        Key::Enter | Key::Esc => {
            state.mode = Mode::Tree;
            return;
        }
        _ => return,
    };
    // Whoever goes to the end of what grows stays there.
    run.scroll = Some(to.min(end)).filter(|to| !(run.tab.grows() && *to == end));
}

/// Another part of the details.
pub(super) fn tab(state: &mut State, by: isize) {
    if let Some(run) = state.run_mut() {
        run.tab = run.tab.step(by);
        run.scroll = None;
    }
}

/// Another run.
pub(super) fn run(state: &mut State, by: isize) {
    let all = state.runs.len().cast_signed();
    if all > 0 {
        state.at = (state.at.cast_signed() + by).rem_euclid(all).cast_unsigned();
    }
}

/// The run with this number.
pub(super) fn run_at(state: &mut State, digit: char) {
    let at = digit.to_digit(10).and_then(|digit| digit.checked_sub(1));
    if let Some(at) = at.map(|at| at as usize).filter(|at| *at < state.runs.len()) {
        state.at = at;
    }
}

/// The next of the states that are filtered by.
pub(super) fn next_filter(state: &mut State) {
    let Some(run) = state.run_mut() else { return };
    let at = CYCLE.iter().position(|text| *text == run.filter.text).unwrap_or_default();
    let next = CYCLE.get((at + 1) % CYCLE.len()).copied().unwrap_or_default();
    run.only(Filter::new(next), true);
}
