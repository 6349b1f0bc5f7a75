//! A ladder that was interrupted, and one that must not go on.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Case, Model, check_tool, model, rung, tools, verdict};
use crate::backend::{Job, Meter};
use crate::ladder::check::Check;

#[tokio::test(start_paused = true)]
async fn nothing_follows_a_step_that_did_what_must_not_happen_twice() {
    let answer = |_: &str, input: &Value| Ok(json!({ "passed": input["output"] == "good" }));
    for (output, climbs) in [("acts", false), ("rests", true)] {
        // The check itself must not happen twice either, and is meant to.
        let case =
            Case { check: check_tool("act", json!({})), tools: tools(answer), ..Case::default() };
        let small = model("m:small", 1, vec![(1, Ok(json!(output)))]);
        let medium = model("m:medium", 1, vec![(1, Ok(json!("rests")))]);
        let large = model("m:large", 2, vec![(1, Ok(json!("good")))]);
        let done = case.run(&[&small, &medium, &large]).await;
        assert_eq!(done.result.is_ok(), climbs, "{output}");
        assert_eq!(large.jobs.lock().unwrap().len(), usize::from(climbs), "{output}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_task_goes_on_where_it_was() {
    let judge = model("m:judge", 1, vec![verdict(true, "no"), verdict(false, "")]);
    for (before, first) in [(None, 0), (Some(0), 0), (Some(1), 1), (Some(2), 0), (Some(3), 1)] {
        let check = Check::Challenger { rung: rung(&judge), prompt: "p".into() };
        let case = Case { check: Some(check), ..Case::default() };
        let small = model("m:small", 1, vec![(1, Ok(json!("a")))]);
        let large = model("m:large", 2, vec![(1, Ok(json!("b")))]);
        if let Some(rung) = before {
            let job = Job { rung, ..job_of(&small).await };
            case.turns.settle(small.turn(&job, 1)).await;
        }
        *judge.ends.lock().unwrap() = vec![verdict(false, "")];
        let done = case.run(&[&small, &large]).await;
        assert_eq!(done.passed[0].rung, first, "{before:?}");
    }
}

/// Some job.
async fn job_of(model: &Arc<Model>) -> Job {
    model.ends.lock().unwrap().insert(0, (1, Ok(json!("a"))));
    Case::default().run(&[model]).await;
    model.jobs.lock().unwrap().remove(0)
}
