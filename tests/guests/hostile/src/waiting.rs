//! Waiting for what cannot come, and naming tasks of others.

use serde_json::Value;

use crate::bindings::baton::runtime::tasks::{self, Delivery, WaitError};
use crate::{Case, End, answer};

pub(crate) const CASES: &[Case] = &[
    ("wait-for-nothing", |_| waited(None)),
    ("wait-for-an-empty-list", |_| waited(Some(&[]))),
    ("wait-for-a-forged-task", |_| waited(Some(&[7]))),
    ("wait-for-task-zero", |_| waited(Some(&[0]))),
    ("wait-for-the-last-number", |_| waited(Some(&[u64::MAX]))),
    ("wait-for-one-of-a-forged-list", wait_for_one_of_a_forged_list),
    ("wait-twice", wait_twice),
    ("cancel-forged-tasks", cancel_forged_tasks),
    ("cancel-twice", cancel_twice),
    ("sleep-forever", sleep_forever),
];

fn waited(list: Option<&[u64]>) -> End {
    answer(came(list))
}

/// What a wait brings, in one word.
fn came(list: Option<&[u64]>) -> String {
    match tasks::wait_any(list) {
        Err(WaitError::NothingToWaitFor) => "nothing-to-wait-for".into(),
        Err(WaitError::UnknownTask) => "unknown-task".into(),
        Ok(Delivery::Message(_)) => "message".into(),
        Ok(Delivery::Completion(completion)) => {
            completion.outcome.err().map_or_else(|| "done".into(), |failure| failure.code)
        }
    }
}

fn wait_for_one_of_a_forged_list(_: &Value) -> End {
    match tasks::sleep(0) {
        Ok(mine) => waited(Some(&[mine, mine + 1])),
        Err(_) => answer("refused"),
    }
}

fn wait_twice(_: &Value) -> End {
    let Ok(mine) = tasks::sleep(0) else { return answer("refused") };
    let _ = tasks::wait_any(Some(&[mine]));
    waited(Some(&[mine]))
}

fn cancel_forged_tasks(_: &Value) -> End {
    for task in [0, 1, 7, u64::MAX] {
        tasks::cancel(task);
    }
    answer("nothing happened")
}

fn cancel_twice(_: &Value) -> End {
    let Ok(mine) = tasks::sleep(3_600_000) else { return answer("refused") };
    tasks::cancel(mine);
    tasks::cancel(mine);
    let first = came(None);
    answer(format!("{first}, {}", came(None)))
}

fn sleep_forever(_: &Value) -> End {
    let _ = tasks::sleep(360 * 24 * 3_600_000);
    waited(None)
}
