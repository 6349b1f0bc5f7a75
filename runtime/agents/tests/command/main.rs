//! Commands as agents: what they get, what they may answer, how they are ended.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answers;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod given;
mod people;

use baton_agents::BackendError;
use baton_core::handoff::Failure;

use common::{job, perform, shell};

fn permanent(error: BackendError) -> Failure {
    match error {
        BackendError::Permanent(failure) => failure,
        other => panic!("expected a permanent failure, not {other:?}"),
    }
}

async fn failure_of(script: &str) -> Failure {
    let directory = tempfile::tempdir().unwrap();
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    permanent(answer.result.unwrap_err())
}
