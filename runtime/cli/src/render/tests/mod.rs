#![allow(clippy::unwrap_used, reason = "tests")]

mod records;
mod tables;

use baton_core::digest::Digest;
use baton_core::handoff::Usage;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_journal::rows::{RunRow, State, TaskRow};

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";

const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn run_row(state: State, owned: bool) -> RunRow {
    RunRow {
        run: RUN.parse::<RunId>().unwrap(),
        name: "docs-audit".into(),
        state,
        paused: None,
        owned,
        epoch: 1,
        created: BEGAN,
        updated: BEGAN.plus_ms(3_200),
        program: Digest::of(b"program"),
        records: 40,
        shared: 0,
        tasks: 4,
        failed_tasks: 1,
        usage: Usage {
            agents: 3,
            input_tokens: 12_000,
            cost_micro_usd: 250_000,
            ..Usage::default()
        },
        failure: None,
        batch: None,
    }
}

fn task_row(path: &str, label: Option<&str>, phase: Option<&str>, state: State) -> TaskRow {
    TaskRow {
        path: path.parse::<TaskPath>().unwrap(),
        kind: "agent".into(),
        label: label.map(Into::into),
        phase: phase.map(Into::into),
        backend: Some("component:auditor".into()),
        state,
        attempts: 1,
        spawned: BEGAN,
        started: Some(BEGAN.plus_ms(100)),
        ended: state.is_final().then(|| BEGAN.plus_ms(1_600)),
        usage: Usage::default(),
        metered: Usage::default(),
        reserved: Usage::default(),
        failure: None,
    }
}

fn stripped(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
