//! What a run or a task waits for, or came to.

use baton_core::handoff::Outcome;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Pause;

use super::{SILENT_MS, TASKS_MAX, Teller, name};
use crate::why::cause::{Cause, Name, ended};
use crate::why::story::{Kind, Noted, Told};

impl Teller<'_> {
    /// Where a run stands as a whole.
    pub(super) fn state(&mut self, told: &Told) {
        let root = TaskPath::root();
        if let Some(end) = &told.end {
            return self.end(&root, told, end);
        }
        if let Some(Noted { seq, it, .. }) = &self.story.paused {
            let mut records = vec![*seq];
            let mut asked = None;
            // The gate says the rest.
            if let Pause::Gate { task, .. } = it
                && let Some(gate) = self.story.tasks.get(task)
            {
                records.push(gate.spawned);
                if let Kind::Gate(spec, _) = &gate.kind {
                    asked = Some(spec.clone());
                }
            }
            self.add(&root, Cause::Paused(it.clone(), asked), records);
            return;
        }
        if !self.standing.owned {
            let (seq, since) = self.story.last;
            let begun = seq > self.story.shared();
            return self.add(&root, Cause::Nobody { since, begun }, [seq]);
        }
        if let Some(Noted { seq, it: (by, now), .. }) = &self.story.ordered {
            self.add(&root, Cause::Pausing { by: by.clone(), now: *now }, [*seq]);
        }
        let count = |working: bool| {
            let performed = self.open().filter(|(_, told)| told.is_performed());
            performed.filter(|(_, told)| told.is_at_work() == working).count() as u64
        };
        let (working, waiting) = (count(true), count(false));
        let last = self.story.last.0;
        self.add(&root, Cause::Driven { working, waiting }, [last]);
        if self.open().next().is_none()
            && let Some(seq) = self.story.listening
        {
            self.add(&root, Cause::Listening, [seq]);
        }
    }

    pub(super) fn end(&mut self, path: &TaskPath, told: &Told, end: &Noted<Outcome>) {
        if let Some(cancelled) = told.cancelled.kept.first() {
            let by = cancelled.it.clone();
            return self.add(path, Cause::Cancelled { by }, [cancelled.seq, end.seq]);
        }
        self.add(path, ended(&end.it, path.is_root()), [end.seq]);
    }

    /// What an open task waits for, or what it does.
    pub(super) fn waits(&mut self, path: &TaskPath, told: &Told) {
        let stands_still = self.story.paused.is_some() || !self.standing.owned;
        let now = self.standing.now;
        match &told.kind {
            Kind::Gate(spec, due) => {
                let cause = Cause::Gate { spec: spec.clone(), due: *due };
                self.add(path, cause, [told.spawned]);
            }
            Kind::Timer(due) => self.add(path, Cause::Timer { due: *due }, [told.spawned]),
            Kind::Workflow => {
                let below: Vec<(&TaskPath, &Told)> = self
                    .open()
                    .filter(|(other, _)| other.parent().as_ref() == Some(path))
                    .collect();
                let records: Vec<u64> =
                    below.iter().take(TASKS_MAX).map(|(_, told)| told.spawned).collect();
                let open: Vec<Name> = below.iter().map(|(path, told)| name(path, told)).collect();
                if open.is_empty() {
                    let cause = if stands_still { Cause::Run } else { Cause::Computing };
                    return self.add(path, cause, [told.sign.0]);
                }
                self.add(path, Cause::Children { open }, records);
            }
            Kind::Agent | Kind::Tool if stands_still => {
                let records =
                    [told.sign.0, self.story.paused.as_ref().map_or(0, |paused| paused.seq)];
                self.add(path, Cause::Run, records);
            }
            Kind::Agent | Kind::Tool => match &told.started {
                Some(started) => self.at_work(path, told, started, now),
                None => self.queued(path, told, now),
            },
        }
    }

    fn at_work(&mut self, path: &TaskPath, told: &Told, started: &Noted<u32>, now: Timestamp) {
        // A tool that an agent waits for is a sign of the agent.
        let (mut seq, mut since) = told.sign;
        for (other, below) in &self.story.tasks {
            if other.parent().as_ref() == Some(path) && below.sign.0 > seq {
                (seq, since) = below.sign;
            }
        }
        let calling = told.calling.as_ref().map(|calling| calling.it.clone());
        let records = [started.seq, seq];
        let cause = if now.since(since) >= SILENT_MS {
            let backend = told.backend.clone().unwrap_or_default();
            Cause::Silent { since, calling, backend }
        } else {
            Cause::Working { calling, since: started.at }
        };
        self.add(path, cause, records);
    }

    fn queued(&mut self, path: &TaskPath, told: &Told, now: Timestamp) {
        if let Some(Noted { seq, it, .. }) = told.put_off.kept.last()
            && it.until.is_none_or(|until| until > now)
        {
            return self.add(path, Cause::Provider(it.clone()), [*seq]);
        }
        if let Some(Noted { seq, .. }) = &self.story.ordered {
            return self.add(path, Cause::Run, [told.spawned, *seq]);
        }
        let places = self.story.concurrency.unwrap_or(self.standing.places);
        let holders: Vec<(&TaskPath, &Told)> = self
            .open()
            .filter(|(_, other)| matches!(other.kind, Kind::Agent) && other.is_at_work())
            .collect();
        if matches!(told.kind, Kind::Agent) && holders.len() as u64 >= u64::from(places) {
            let started = |told: &Told| told.started.as_ref().map_or(0, |started| started.seq);
            let mut records: Vec<u64> =
                holders.iter().take(TASKS_MAX).map(|(_, told)| started(told)).collect();
            records.push(told.spawned);
            let holders = holders.iter().map(|(path, told)| name(path, told)).collect();
            return self.add(path, Cause::Place { places, holders }, records);
        }
        self.add(path, Cause::Due, [told.spawned]);
    }
}
