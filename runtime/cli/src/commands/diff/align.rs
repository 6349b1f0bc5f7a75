//! Which task of one run is which of the other.

use std::collections::BTreeMap;

use baton_core::ids::TaskPath;
use baton_core::record::Work;

use super::facts::Facts;

/// A task of one run and what it is in the other.
pub struct Pair {
    /// In the one.
    pub a: Option<TaskPath>,
    /// In the other.
    pub b: Option<TaskPath>,
}

/// The tasks of both runs, in order of their places. What is below a task that only one run has is not
/// told.
pub fn pairs(a: &Facts, b: &Facts) -> Vec<Pair> {
    let mut all = Vec::new();
    below((a, &TaskPath::root()), (b, &TaskPath::root()), &mut all);
    all
}

fn below((a, of_a): (&Facts, &TaskPath), (b, of_b): (&Facts, &TaskPath), all: &mut Vec<Pair>) {
    let mut left: Vec<Side<'_>> = sides(a, of_a);
    let mut right: Vec<Side<'_>> = sides(b, of_b);
    // Of the same number and the same call; of the same call; of the same name; as many of the same
    // kind and phase, in their order; of the same number.
    meet(&mut left, &mut right, |side| Some((Some(side.number), Some(side.key), None)));
    meet(&mut left, &mut right, |side| Some((None, Some(side.key), None)));
    meet(&mut left, &mut right, |side| {
        side.label.map(|label| (None, None, Some(format!("{} {label}", side.kind))))
    });
    meet_rest(&mut left, &mut right);
    meet(&mut left, &mut right, |side| Some((Some(side.number), None, Some(side.kind.to_owned()))));
    let other = |side: &Side<'_>| side.other.clone();
    let mut rows: Vec<Pair> =
        left.iter().map(|side| Pair { a: Some(side.path.clone()), b: other(side) }).collect();
    let added = right.iter().filter(|side| side.other.is_none());
    rows.extend(added.map(|side| Pair { a: None, b: Some(side.path.clone()) }));
    rows.sort_by_key(|row| {
        let path = row.b.as_ref().or(row.a.as_ref());
        path.and_then(TaskPath::number).unwrap_or_default()
    });
    for row in rows {
        let next = row.a.clone().zip(row.b.clone());
        all.push(row);
        if let Some((one, other)) = next {
            below((a, &one), (b, &other), all);
        }
    }
}

struct Side<'a> {
    path: &'a TaskPath,
    number: u64,
    key: baton_core::digest::Digest,
    kind: &'static str,
    label: Option<&'a str>,
    phase: Option<&'a str>,
    other: Option<TaskPath>,
}

fn sides<'a>(facts: &'a Facts, of: &'a TaskPath) -> Vec<Side<'a>> {
    facts
        .children(of)
        .map(|(path, task)| Side {
            path,
            number: path.number().unwrap_or_default(),
            key: task.key,
            kind: task.work.kind(),
            label: task.work.label(),
            phase: phase(&task.work),
            other: None,
        })
        .collect()
}

/// Title of the phase that a task belongs to.
fn phase(work: &Work) -> Option<&str> {
    match work {
        Work::Agent { spec, .. } => spec.options.phase.as_deref(),
        Work::Tool { spec, .. } => spec.options.phase.as_deref(),
        Work::Workflow { spec, .. } => spec.options.phase.as_deref(),
        Work::Gate { spec, .. } => spec.options.phase.as_deref(),
        Work::Sleep { .. } => None,
    }
}

/// By what two tasks meet: number, key and words.
type Mark = (Option<u64>, Option<baton_core::digest::Digest>, Option<String>);

/// Lets tasks meet that have the same mark, in their order.
fn meet<'a>(
    left: &mut [Side<'a>],
    right: &mut [Side<'a>],
    mark: impl Fn(&Side<'a>) -> Option<Mark>,
) {
    let mut waiting: BTreeMap<Mark, std::collections::VecDeque<usize>> = BTreeMap::new();
    for (place, side) in right.iter().enumerate().filter(|(_, side)| side.other.is_none()) {
        if let Some(mark) = mark(side) {
            waiting.entry(mark).or_default().push_back(place);
        }
    }
    for side in left.iter_mut().filter(|side| side.other.is_none()) {
        let Some(mark) = mark(side) else { continue };
        let Some(place) = waiting.get_mut(&mark).and_then(std::collections::VecDeque::pop_front)
        else {
            continue;
        };
        if let Some(met) = right.get_mut(place) {
            side.other = Some(met.path.clone());
            met.other = Some(side.path.clone());
        }
    }
}

/// Lets the rest meet in their order, by kind and phase, where both sides have as many of it: what was
/// asked in other words, in other places.
fn meet_rest(left: &mut [Side<'_>], right: &mut [Side<'_>]) {
    let alone = |sides: &[Side<'_>]| {
        let mut groups: BTreeMap<(&'static str, Option<String>), Vec<usize>> = BTreeMap::new();
        for (place, side) in sides.iter().enumerate().filter(|(_, side)| side.other.is_none()) {
            let group = (side.kind, side.phase.map(ToOwned::to_owned));
            groups.entry(group).or_default().push(place);
        }
        groups
    };
    let mut others = alone(right);
    for (group, places) in alone(left) {
        let met = others.remove(&group).filter(|others| others.len() == places.len());
        for (one, other) in places.into_iter().zip(met.into_iter().flatten()) {
            if let (Some(one), Some(other)) = (left.get_mut(one), right.get_mut(other)) {
                one.other = Some(other.path.clone());
                other.other = Some(one.path.clone());
            }
        }
    }
}
