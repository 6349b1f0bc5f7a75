//! One run on the screen.

use std::collections::HashSet;

use baton_core::ids::{RunId, TaskId};
use baton_core::record::Pause;
use baton_journal::rows::{RunRow, State};

use super::detail::{Detail, Tab};
use super::filter::Filter;
use super::rows::{self, Node, Row};
use crate::live::model::{Kind, Model, ROOT, Task};

/// A run: what the journal says of it, and how it is looked at.
#[derive(Debug)]
pub struct Run {
    /// Its row.
    pub row: RunRow,
    /// What its records tell.
    pub model: Model,
    /// Whether all records that were there have been read once.
    pub caught_up: bool,
    /// What is known of the selected task.
    pub detail: Detail,
    /// Which part of that is shown.
    pub tab: Tab,
    /// The first line of it that is shown; none: the end of what grows, the beginning of all else.
    pub scroll: Option<usize>,
    /// What is selected.
    pub cursor: Node,
    /// The first line of the tree that is shown.
    pub top: usize,
    /// What was folded or unfolded by hand.
    pub toggled: HashSet<Node>,
    /// Which tasks are shown.
    pub filter: Filter,
    /// The lines of the tree.
    pub rows: Vec<Row>,
    /// The record for which they were made.
    made_for: Option<u64>,
}

impl Run {
    /// A run of which no record was read yet.
    #[must_use]
    pub fn new(row: RunRow) -> Self {
        Self {
            row,
            model: Model::default(),
            caught_up: false,
            detail: Detail::default(),
            tab: Tab::default(),
            scroll: None,
            cursor: Node::Task(ROOT),
            top: 0,
            toggled: HashSet::new(),
            filter: Filter::default(),
            rows: Vec::new(),
            made_for: None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.row.run
    }

    /// The id of one of its tasks as people write it.
    #[must_use]
    pub fn task_id(&self, task: &Task) -> String {
        TaskId { run: self.row.run.clone(), path: task.path.clone() }.to_string()
    }

    /// Its state: by its records, which are newer than its row, once they were read.
    #[must_use]
    pub fn state(&self) -> State {
        let Some(root) = self.model.at(ROOT).filter(|_| self.caught_up) else {
            return self.row.state;
        };
        match &self.model.paused {
            _ if root.ended.is_some() => root.state,
            Some(Pause::Gate { .. } | Pause::Message) => State::Waiting,
            Some(_) => State::Paused,
            None => State::Running,
        }
    }

    /// Makes the lines of the tree anew if records came or `changed` says that something else did.
    /// What was selected stays so, or what it hangs below.
    pub fn refresh(&mut self, changed: bool) {
        if !changed && self.made_for == Some(self.model.last) {
            return;
        }
        self.made_for = Some(self.model.last);
        self.rows = rows::rows(&self.model, &self.toggled, &self.filter);
        while self.position().is_none() && self.cursor != Node::Task(ROOT) {
            self.cursor = self.above(self.cursor);
        }
        self.look();
    }

    /// Where the selected line is among the lines.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        self.rows.iter().position(|row| row.node == self.cursor)
    }

    /// What something hangs below.
    #[must_use]
    pub fn above(&self, node: Node) -> Node {
        match node {
            Node::Task(place) => {
                let Some(task) = self.model.at(place) else { return Node::Task(ROOT) };
                let groups = self.model.at(task.parent).map(|above| &above.groups);
                let group = groups.and_then(|groups| {
                    groups.iter().position(|group| group.members.contains(&place))
                });
                match group {
                    Some(group) => Node::Group(task.parent, group),
                    None => Node::Task(task.parent),
                }
            }
            Node::Group(place, _) => Node::Task(place),
            Node::ToCome(_) => Node::Task(ROOT),
        }
    }

    /// Selects the line at a place, or the last one.
    pub fn select(&mut self, place: usize) {
        let last = self.rows.len().saturating_sub(1);
        if let Some(row) = self.rows.get(place.min(last)) {
            self.cursor = row.node;
        }
        self.look();
    }

    /// Shows what fits a filter, and selects the first of that.
    pub fn only(&mut self, filter: Filter, select: bool) {
        self.filter = filter;
        self.refresh(true);
        if select && !self.filter.is_empty() {
            let fits = |row: &&Row| match row.node {
                Node::Task(place) if place != ROOT => {
                    self.model.at(place).is_some_and(|task| self.filter.fits(&self.model, task))
                }
                _ => false,
            };
            if let Some(row) = self.rows.iter().find(fits) {
                self.cursor = row.node;
                self.look();
            }
        }
    }

    /// Selects a task, and unfolds what it hangs below.
    pub fn reveal(&mut self, place: usize) {
        self.cursor = Node::Task(place);
        let mut above = self.above(self.cursor);
        loop {
            let open = rows::open_at_first(&self.model, above) != self.toggled.contains(&above);
            if !open && !self.toggled.remove(&above) {
                self.toggled.insert(above);
            }
            if above == Node::Task(ROOT) {
                break;
            }
            above = self.above(above);
        }
        if !self.model.at(place).is_some_and(|task| self.filter.fits(&self.model, task)) {
            self.filter = Filter::default();
        }
        self.refresh(true);
    }

    /// The task whose details are shown: the selected one; of a phase, the workflow it belongs to.
    #[must_use]
    pub fn shown(&self) -> usize {
        match self.cursor {
            Node::Task(place) | Node::Group(place, _) => place,
            Node::ToCome(_) => ROOT,
        }
    }

    /// The selected task; none: a phase is selected.
    #[must_use]
    pub fn selected(&self) -> Option<&Task> {
        match self.cursor {
            Node::Task(place) => self.model.at(place),
            Node::Group(..) | Node::ToCome(_) => None,
        }
    }

    /// The gate to answer: the selected one, or else the one that was asked first.
    #[must_use]
    pub fn gate(&self) -> Option<usize> {
        let place =
            |task: &Task| self.model.tasks().iter().position(|other| std::ptr::eq(task, other));
        let own = self.selected().filter(|task| task.kind == Kind::Gate && task.ended.is_none());
        let first = || self.model.gates.iter().find_map(|path| self.model.task(path));
        own.or_else(first).and_then(place)
    }

    /// The records of the shown task that were not read yet.
    #[must_use]
    pub fn unread(&self) -> &[u64] {
        let records = self.model.at(self.shown()).map(|task| task.records.as_slice());
        let read = if self.detail.of == Some(self.shown()) { self.detail.read } else { 0 };
        records.and_then(|records| records.get(read..)).unwrap_or_default()
    }

    /// Begins anew with the details if something else was selected.
    pub fn look(&mut self) {
        let shown = self.shown();
        if self.detail.of != Some(shown) {
            self.detail = Detail::new(Some(shown));
            self.scroll = None;
        }
    }
}
