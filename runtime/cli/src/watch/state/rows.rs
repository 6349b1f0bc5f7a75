//! The tree as the lines that can be seen of it.

use std::collections::HashSet;

use super::filter::Filter;
use crate::live::model::{Branch, Kind, Model, ROOT, Task};

/// Something in the tree that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// The task at this place.
    Task(usize),
    /// A phase of the workflow at a place, by its place among the groups.
    Group(usize, usize),
    /// A phase that is declared and was not reached, by its place.
    ToCome(usize),
}

/// One line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it shows.
    pub node: Node,
    /// How deep it lies.
    pub depth: usize,
    /// Whether something lies below it, and whether that is shown.
    pub open: Option<bool>,
}

/// The lines of the tree. `toggled`: what is folded though it is open at first, or the other way round.
/// A filter shows what fits and what that hangs below.
#[must_use]
pub fn rows(model: &Model, toggled: &HashSet<Node>, filter: &Filter) -> Vec<Row> {
    let mut tree = Tree { model, toggled, filter, rows: Vec::new() };
    tree.task(ROOT, 0);
    if filter.is_empty() {
        for (place, phase) in model.phases.iter().enumerate() {
            if !phase.begun {
                tree.rows.push(Row { node: Node::ToCome(place), depth: 1, open: None });
            }
        }
    }
    tree.rows
}

/// Whether what lies below is shown where nobody has said otherwise: the tools of an agent are not.
#[must_use]
pub fn open_at_first(model: &Model, node: Node) -> bool {
    match node {
        Node::Task(place) => model.at(place).is_some_and(|task| task.kind == Kind::Workflow),
        Node::Group(..) => true,
        Node::ToCome(_) => false,
    }
}

struct Tree<'a> {
    model: &'a Model,
    toggled: &'a HashSet<Node>,
    filter: &'a Filter,
    rows: Vec<Row>,
}

impl Tree<'_> {
    fn is_open(&self, node: Node) -> bool {
        // What is looked for is shown, whatever was folded.
        !self.filter.is_empty() || open_at_first(self.model, node) != self.toggled.contains(&node)
    }

    /// Adds a task and what is below it; whether anything of it fits.
    fn task(&mut self, place: usize, depth: usize) -> bool {
        let Some(task) = self.model.at(place) else { return false };
        let node = Node::Task(place);
        let fits = self.filter.is_empty() || self.filter.fits(self.model, task);
        let below = self.with_below(node, depth, !task.branches.is_empty(), |tree| {
            let mut any = false;
            for branch in &task.branches {
                any |= match branch {
                    Branch::Task(child) => tree.task(*child, depth + 1),
                    Branch::Group(group) => tree.group(task, place, *group, depth + 1),
                };
            }
            any
        });
        if !fits && !below && place != ROOT {
            self.rows.pop();
            return false;
        }
        fits || below
    }

    fn group(&mut self, task: &Task, place: usize, group: usize, depth: usize) -> bool {
        let Some(members) = task.groups.get(group).map(|group| &group.members) else {
            return false;
        };
        let node = Node::Group(place, group);
        let below = self.with_below(node, depth, true, |tree| {
            members.iter().fold(false, |any, member| tree.task(*member, depth + 1) | any)
        });
        if !below {
            self.rows.pop();
        }
        below
    }

    /// Adds a line, and the lines below it as far as they are shown; whether anything below fits.
    fn with_below(
        &mut self,
        node: Node,
        depth: usize,
        has_any: bool,
        below: impl FnOnce(&mut Self) -> bool,
    ) -> bool {
        let open = self.is_open(node);
        self.rows.push(Row { node, depth, open: has_any.then_some(open) });
        if has_any && open { below(self) } else { has_any }
    }
}
