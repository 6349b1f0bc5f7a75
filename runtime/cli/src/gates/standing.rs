//! Where tasks stand that say it in no record of their own. Pure.

use std::collections::BTreeMap;

use baton_core::ids::TaskPath;
use baton_journal::rows::{RunRow, State, TaskRow};

/// Marks nested workflows by what is open below them: those that wait for nothing but people as
/// waiting, and those of a run that is paused as paused. Nobody interrupted them. An agent whose
/// attempt failed is at work with the next one, whose beginning has no record.
pub fn mark(run: &RunRow, tasks: &mut [TaskRow]) {
    for task in tasks.iter_mut().filter(|task| run.owned && is_tried_again(task)) {
        task.state = State::Running;
    }
    // Of each workflow: whether a person is waited for below it, and whether anything else is.
    let mut below: BTreeMap<TaskPath, (bool, bool)> = BTreeMap::new();
    let open = |task: &&TaskRow| !task.state.is_final() && !is_workflow(task);
    for task in tasks.iter().filter(open) {
        let waits = task.state == State::Waiting;
        let mut above = task.path.parent();
        while let Some(path) = above {
            let found = below.entry(path.clone()).or_default();
            *found = (found.0 || waits, found.1 || !waits);
            above = path.parent();
        }
    }
    let paused = !run.owned && run.state == State::Paused;
    let open = |task: &&mut TaskRow| !task.state.is_final() && is_workflow(task);
    for task in tasks.iter_mut().filter(open) {
        task.state = match below.get(&task.path) {
            Some((true, false)) => State::Waiting,
            _ if paused => State::Paused,
            _ => continue,
        };
    }
}

fn is_workflow(task: &TaskRow) -> bool {
    task.kind == "workflow"
}

fn is_tried_again(task: &TaskRow) -> bool {
    task.state == State::Queued && task.started.is_some() && task.attempts > 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_core::handoff::Usage;
    use baton_core::ids::Timestamp;
    use serde_json::json;

    use super::*;

    fn task(path: &str, kind: &str, state: State) -> TaskRow {
        TaskRow {
            path: path.parse().unwrap(),
            kind: kind.into(),
            label: None,
            phase: None,
            backend: None,
            state,
            attempts: 0,
            spawned: Timestamp(1),
            started: None,
            ended: None,
            usage: Usage::default(),
            reserved: Usage::default(),
            metered: Usage::default(),
            failure: None,
        }
    }

    fn run(state: State, owned: bool) -> RunRow {
        let started = serde_json::from_value(json!({
            "format": 1, "run": "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF", "input": null, "scope": {},
            "seed": baton_core::digest::Digest::of(b""),
            "program": { "name": "flow", "component": baton_core::digest::Digest::of(b"") },
        }))
        .unwrap();
        let record = baton_core::record::Record {
            seq: 1,
            at: Timestamp(1),
            body: baton_core::record::Body::RunStarted(started),
        };
        let (row, _) = baton_journal::projection::rebuild(&[record]).unwrap();
        RunRow { state, owned, ..row }
    }

    #[test]
    fn a_workflow_waits_if_nothing_but_people_are_waited_for_below_it() {
        use State::{Done, Paused, Queued, Running, Waiting};
        for (run, open, expected) in [
            (run(Waiting, false), vec![("1/1", "gate", Waiting)], Waiting),
            // Somebody drives it: it waits all the same.
            (run(Running, true), vec![("1/1", "gate", Waiting), ("1/2", "agent", Done)], Waiting),
            // Two levels below.
            (
                run(Waiting, false),
                vec![("1/1", "workflow", Running), ("1/1/1", "gate", Waiting)],
                Waiting,
            ),
            (run(Running, true), vec![("1/1", "gate", Waiting), ("1/2", "agent", Queued)], Running),
            (run(Running, false), vec![("1/1", "agent", Running)], Running),
            (run(Running, true), vec![], Running),
            (run(Paused, false), vec![("1/1", "agent", Queued)], Paused),
            (run(Paused, true), vec![("1/1", "agent", Queued)], Running),
            // A question beside it is not one of it.
            (run(Running, false), vec![("2", "gate", Waiting)], Running),
        ] {
            let mut tasks = vec![task("1", "workflow", Running), task("9", "workflow", Done)];
            tasks.extend(open.iter().map(|(path, kind, state)| task(path, kind, *state)));
            mark(&run, &mut tasks);
            let first = tasks.first().unwrap();
            assert_eq!(first.state, expected, "{open:?}");
            assert_eq!(tasks.get(1).unwrap().state, Done);
        }
    }

    #[test]
    fn an_agent_is_at_work_with_the_attempt_after_one_that_failed() {
        use State::{Queued, Running};
        let begun = Some(Timestamp(2));
        for (owned, attempts, started, expected) in [
            (true, 2, begun, Running),
            (true, 1, begun, Queued),
            (true, 0, None, Queued),
            (false, 2, begun, Queued),
        ] {
            let mut tasks = [TaskRow { attempts, started, ..task("1", "agent", Queued) }];
            mark(&run(Running, owned), &mut tasks);
            assert_eq!(tasks.first().unwrap().state, expected, "{owned} {attempts}");
        }
    }
}
