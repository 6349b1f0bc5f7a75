//! Instances that run, commit and are evicted.

use super::Sim;
use crate::action::Action;
use crate::ids::{TaskPath, Timestamp};
use crate::replay::Cursor;
use crate::run::CommandError;
use crate::run::tests::guest::{Guest, Progress, Step};

impl Sim {
    pub(super) fn advance(&mut self, at: Timestamp) {
        let paths: Vec<TaskPath> = self.instances.keys().cloned().collect();
        let Some(path) = self.pick(&paths) else {
            return;
        };
        let (mut cursor, mut guest, mut heard) = self.instances.remove(&path).unwrap();
        let told = self.told.entry(path.clone()).or_default();
        let mut tell = |line: String| {
            // An instance that was rebuilt must be told what its forerunner was.
            match told.get(heard) {
                Some(before) => assert_eq!(*before, line, "at {path:?}"),
                None => told.push(line),
            }
            heard += 1;
        };
        let mut world = Step {
            run: &mut self.run,
            cursor: &mut cursor,
            at,
            replay_only: false,
            tell: &mut tell,
            coverage: &mut self.coverage,
        };
        match guest.step(&mut world) {
            Progress::Ended(outcome, fuel) => {
                assert_eq!(self.run.ended_early(&cursor, fuel), None);
                self.run.workflow_ended(&path, outcome, fuel, at);
            }
            Progress::Failed(CommandError::Ended(_)) => {}
            Progress::Failed(error) => panic!("{error}"),
            Progress::Stepped | Progress::Blocked | Progress::AtTheEnd => {
                self.instances.insert(path, (cursor, guest, heard));
            }
        }
    }

    pub(super) fn commit(&mut self) {
        let Some(batch) = self.batches.pop_front() else {
            return;
        };
        if let Some(last) = batch.records.last() {
            self.run.mark_durable(last.seq);
        }
        for record in &batch.records {
            self.coverage.body(&record.body);
        }
        self.journal.extend(batch.records);
        for action in batch.actions {
            match action {
                Action::Perform { task } => self.queued.push(task),
                Action::StartWorkflow { task } => self.instance(&task),
                Action::ArmTimer { task, due } => self.timers.push((due, task)),
                Action::Abort { task } => {
                    self.queued.retain(|other| *other != task);
                    self.running.retain(|(other, _)| *other != task);
                    self.timers.retain(|(_, other)| *other != task);
                    self.instances.remove(&task);
                }
                Action::Wake { .. } => {}
            }
        }
    }

    fn instance(&mut self, path: &TaskPath) {
        let workflow = self.run.workflow(path).unwrap();
        let cursor = Cursor::new(path.clone(), workflow.began, true);
        let guest = Guest::new(&workflow.input);
        self.instances.insert(path.clone(), (cursor, guest, 0));
    }

    pub(super) fn evict(&mut self) {
        let paths: Vec<TaskPath> = self.instances.keys().cloned().collect();
        if let Some(path) = self.pick(&paths) {
            self.coverage.mark("evicted");
            self.instance(&path);
        }
    }
}
