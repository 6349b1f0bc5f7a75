//! From the story of a run to the causes that hold of it, or of one of its tasks.

mod now;
mod past;

use baton_core::handoff::FailureKind;
use baton_core::ids::TaskPath;

use super::cause::{Cause, Name};
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
        let story = self.story;
        self.few(&root, &story.narrowed, "times that policy became narrower", |(by, what)| {
            Cause::Narrowed { by: by.clone(), what: what.clone() }
        });
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
