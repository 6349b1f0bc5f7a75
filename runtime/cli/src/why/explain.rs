//! From the story of a run to the causes that hold of it, or of one of its tasks.

use baton_core::handoff::{FailureKind, Outcome};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Pause;

use super::cause::{Cause, Name, ended};
use super::story::{Decision, Few, Kind, Noted, Story, Told};
use super::{Finding, Standing};

/// Time without a sign after which an agent counts as silent, in milliseconds. Calls of models take
/// seconds to minutes, and each says when it begins and ends.
pub const SILENT_MS: u64 = 120_000;
/// Open tasks, and tasks with trouble, that are explained of a run; the rest is counted.
const TASKS_MAX: usize = 12;

/// Everything that the records say of why a run, or one of its tasks, is as it is. What it waits for
/// comes first, then how it came there.
#[must_use]
pub fn explain(story: &Story, about: &TaskPath, standing: &Standing) -> Vec<Finding> {
    let mut teller = Teller { story, standing, findings: Vec::new() };
    match story.tasks.get(about) {
        Some(told) if about.is_root() => teller.run(told),
        Some(told) => teller.task(about, told),
        None => {}
    }
    teller.findings
}

struct Teller<'a> {
    story: &'a Story,
    standing: &'a Standing,
    findings: Vec<Finding>,
}

impl<'a> Teller<'a> {
    fn add(&mut self, task: &TaskPath, cause: Cause, records: impl IntoIterator<Item = u64>) {
        let mut records: Vec<u64> = records.into_iter().filter(|seq| *seq > 0).collect();
        records.sort_unstable();
        records.dedup();
        self.findings.push(Finding { task: task.clone(), cause, records });
    }

    fn run(&mut self, told: &Told) {
        let root = TaskPath::root();
        self.state(told);
        let tells = |told: &Told| !matches!(told.kind, Kind::Workflow);
        let waiting: Vec<_> = self.open().filter(|(_, told)| tells(told)).collect();
        for (path, told) in waiting.iter().take(TASKS_MAX) {
            self.waits(path, told);
        }
        self.more(&root, waiting.len(), "open tasks: `baton tree` shows all");
        let troubled: Vec<_> = self
            .story
            .tasks
            .iter()
            .filter(|(path, told)| !path.is_root() && has_failed(told))
            .collect();
        for (path, told) in troubled.iter().take(TASKS_MAX) {
            if let Some(end) = &told.end {
                self.end(path, told, end);
            }
        }
        self.more(&root, troubled.len(), "tasks failed: `baton tree` shows all");
        for workflow in self.story.refused.keys() {
            self.refused(workflow);
        }
        let denied: Vec<_> =
            self.story.tasks.iter().filter(|(_, told)| !told.denied.kept.is_empty()).collect();
        for (path, told) in denied.iter().take(TASKS_MAX) {
            self.few(path, &told.denied, "denials", |denial| Cause::Denied(denial.clone()));
        }
        self.more(&root, denied.len(), "tasks with denials");
        self.reuse();
        self.origin();
        self.pauses();
        self.messages(&root, told);
    }

    fn task(&mut self, path: &TaskPath, told: &Told) {
        if let Some(fork) = &self.story.fork
            && told.spawned <= fork.records
        {
            let last = told.end.as_ref().map_or(told.spawned, |end| end.seq);
            if last <= fork.records {
                self.add(path, Cause::Shared { run: fork.run.clone() }, [told.spawned, last]);
            }
        }
        match &told.end {
            Some(end) => self.end(path, told, end),
            None => self.waits(path, told),
        }
        if let Some(Noted { seq, it, .. }) = &told.decision {
            let cause = match it {
                Decision::Reused(from) => Cause::Reused { from: from.clone() },
                Decision::Performed(miss) => Cause::NotReused {
                    miss: miss.clone(),
                    run: self.story.reuse.as_ref().map(|reuse| reuse.run.clone()),
                },
            };
            self.add(path, cause, [*seq]);
        }
        self.refused(path);
        self.few(path, &told.failed, "failed attempts", |(attempt, failure)| Cause::Retried {
            attempt: *attempt,
            failure: failure.clone(),
        });
        self.put_off(path, told);
        self.few(path, &told.restarted, "times", |(by, note)| Cause::Restarted {
            by: by.clone(),
            note: note.clone(),
        });
        self.few(path, &told.denied, "denials", |denial| Cause::Denied(denial.clone()));
        self.messages(path, told);
    }

    /// Times that providers put it off. That for which it still waits is told already.
    fn put_off(&mut self, path: &TaskPath, told: &Told) {
        let waits = self.findings.iter().any(|finding| matches!(finding.cause, Cause::Provider(_)));
        let Few { kept, more } = &told.put_off;
        let over = kept.len().saturating_sub(usize::from(waits && *more == 0));
        for Noted { seq, it, .. } in kept.iter().take(over) {
            self.add(path, Cause::PutOff(it.clone()), [*seq]);
        }
        if *more > 0 {
            self.add(path, Cause::More { more: *more, what: "times" }, []);
        }
    }

    /// Where a run stands as a whole.
    fn state(&mut self, told: &Told) {
        let root = TaskPath::root();
        if let Some(end) = &told.end {
            return self.end(&root, told, end);
        }
        if let Some(Noted { seq, it, .. }) = &self.story.paused {
            let mut records = vec![*seq];
            // The gate says the rest, and how to answer.
            if let Pause::Gate { task, .. } = it
                && let Some(gate) = self.story.tasks.get(task)
            {
                records.push(gate.spawned);
            }
            self.add(&root, Cause::Paused(it.clone()), records);
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

    fn end(&mut self, path: &TaskPath, told: &Told, end: &Noted<Outcome>) {
        if let Some(cancelled) = told.cancelled.kept.first() {
            let by = cancelled.it.clone();
            return self.add(path, Cause::Cancelled { by }, [cancelled.seq, end.seq]);
        }
        self.add(path, ended(&end.it, path.is_root()), [end.seq]);
    }

    /// What an open task waits for, or what it does.
    fn waits(&mut self, path: &TaskPath, told: &Told) {
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

    fn refused(&mut self, workflow: &TaskPath) {
        if let Some(refused) = self.story.refused.get(workflow) {
            self.few(workflow, refused, "refusals", |refusal| Cause::Refused(refusal.clone()));
        }
    }

    fn reuse(&mut self) {
        let Some(reuse) = &self.story.reuse else { return };
        let decided = || self.story.tasks.values().filter_map(|told| told.decision.as_ref());
        let reused =
            decided().filter(|noted| matches!(noted.it, Decision::Reused(_))).count() as u64;
        let performed = decided().count() as u64 - reused;
        let records: Vec<u64> = decided().take(TASKS_MAX).map(|noted| noted.seq).collect();
        let reuse = reuse.clone();
        let cause = Cause::ReuseCount { reuse, reused, performed };
        self.add(&TaskPath::root(), cause, std::iter::once(1).chain(records));
    }

    fn origin(&mut self) {
        let root = TaskPath::root();
        if let Some(fork) = &self.story.fork {
            self.add(&root, Cause::Forked(fork.clone()), [1, fork.records]);
        }
        if let Some(run) = &self.story.follows {
            self.add(&root, Cause::Follows { run: run.clone() }, [1]);
        }
    }

    fn pauses(&mut self) {
        let root = TaskPath::root();
        let Few { kept, more } = &self.story.pauses;
        for Noted { seq, it: (pause, resumed, by), .. } in kept {
            let cause = Cause::WasPaused { pause: pause.clone(), by: by.clone() };
            self.add(&root, cause, [*seq, *resumed]);
        }
        if *more > 0 {
            self.add(&root, Cause::More { more: *more, what: "pauses" }, []);
        }
        self.few(&root, &self.story.taken_over, "owners", |by| Cause::TakenOver { by: by.clone() });
    }

    fn messages(&mut self, path: &TaskPath, told: &Told) {
        let agent = matches!(told.kind, Kind::Agent);
        for Noted { seq, it, .. } in &told.messages.kept {
            let hearing = told.heard.as_ref().filter(|heard| heard.it >= *seq);
            let heard = agent.then_some(hearing.is_some());
            let records = [*seq, hearing.map_or(0, |hearing| hearing.seq)];
            self.add(path, Cause::Messaged { message: it.clone(), heard }, records);
        }
        if told.messages.more > 0 {
            self.add(path, Cause::More { more: told.messages.more, what: "messages" }, []);
        }
    }

    fn few<T>(
        &mut self,
        path: &TaskPath,
        few: &Few<T>,
        what: &'static str,
        cause: impl Fn(&T) -> Cause,
    ) {
        for Noted { seq, it, .. } in &few.kept {
            self.add(path, cause(it), [*seq]);
        }
        if few.more > 0 {
            self.add(path, Cause::More { more: few.more, what }, []);
        }
    }

    /// Says how many of `all` were left out.
    fn more(&mut self, path: &TaskPath, all: usize, what: &'static str) {
        let more = all.saturating_sub(TASKS_MAX) as u64;
        if more > 0 {
            self.add(path, Cause::More { more, what }, []);
        }
    }

    /// Open tasks below the root.
    fn open(&self) -> impl Iterator<Item = (&'a TaskPath, &'a Told)> + use<'a> {
        let story = self.story;
        story.tasks.iter().filter(|(path, told)| !path.is_root() && told.is_open())
    }
}

fn has_failed(told: &Told) -> bool {
    // What was cancelled was cancelled with something else, or by somebody who is named there.
    let failure = told.end.as_ref().and_then(|end| end.it.failure());
    failure.is_some_and(|failure| failure.kind != FailureKind::Cancelled)
}

fn name(path: &TaskPath, told: &Told) -> Name {
    Name { path: path.clone(), label: told.label.clone() }
}
