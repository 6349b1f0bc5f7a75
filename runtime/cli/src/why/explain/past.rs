//! How it came there.

use baton_core::ids::TaskPath;

use super::{TASKS_MAX, Teller};
use crate::why::cause::{Cause, Hearing};
use crate::why::story::{Decision, Few, Kind, Noted, Told};

impl Teller<'_> {
    /// Times that providers put it off. That for which it still waits is told already.
    pub(super) fn put_off(&mut self, path: &TaskPath, told: &Told) {
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

    pub(super) fn refused(&mut self, workflow: &TaskPath) {
        if let Some(refused) = self.story.refused.get(workflow) {
            self.few(workflow, refused, "refusals", |refusal| Cause::Refused(refusal.clone()));
        }
    }

    pub(super) fn reuse(&mut self) {
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

    pub(super) fn origin(&mut self) {
        let root = TaskPath::root();
        if let Some(fork) = &self.story.fork {
            self.add(&root, Cause::Forked(fork.clone()), [1, fork.records]);
        }
        if let Some(run) = &self.story.follows {
            self.add(&root, Cause::Follows { run: run.clone() }, [1]);
        }
    }

    pub(super) fn pauses(&mut self) {
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

    pub(super) fn messages(&mut self, path: &TaskPath, told: &Told) {
        let agent = matches!(told.kind, Kind::Agent);
        for Noted { seq, it, .. } in &told.messages.kept {
            let hearing = told.heard.as_ref().filter(|heard| heard.it >= *seq);
            let heard = match (agent, hearing) {
                (false, _) => Hearing::Inbox,
                (true, Some(_)) => Hearing::Told,
                (true, None) if told.is_open() => Hearing::NotYet,
                (true, None) => Hearing::TooLate,
            };
            let records = [*seq, hearing.map_or(0, |hearing| hearing.seq)];
            self.add(path, Cause::Messaged { message: it.clone(), heard }, records);
        }
        if told.messages.more > 0 {
            self.add(path, Cause::More { more: told.messages.more, what: "messages" }, []);
        }
    }
}
