//! `budget`: what may be spent, and what was.

use serde_json::json;

use crate::case::{cases, logs, script, steps, text};
use crate::place::WORKER;

cases! {
    /// Without a budget there is no total, and there is always more.
    D97_no_budget: script(r#"
const before = [budget.total, budget.spent(), budget.remaining() === Infinity]
await agent('tokens 9')
return [...before, budget.spent(), budget.remaining() === Infinity]"#)
        .worker().done(json!([null, 0, true, 9, true]));

    /// `spent()` grows by the output tokens of agents, those of children included.
    D98_spent: script(r#"
const seen = [budget.total, budget.spent(), budget.remaining()]
await agent('tokens 30')
seen.push(budget.spent(), budget.remaining())
await workflow('child')
seen.push(budget.spent(), budget.remaining())
await agent('crash now')
return [...seen, budget.spent()]"#)
        .with_workflow("child", "return await agent('tokens 12')")
        .worker().flags(&["--budget", "100"])
        .done(json!([100, 0, 100, 30, 70, 42, 58, 42]));

    /// Once the budget is spent the next call rejects; running agents end and are delivered.
    D99_budget_is_a_ceiling: steps(|place| {
        place.write("case.js", text(r#"
const running = agent('hold it')
await agent('tokens 60')
const refused = await caught(agent('one more'))
log('refused')
return [refused.name, await running, budget.spent(), budget.remaining()]"#));
        let start =
            ["run", "case.js", "--agent", WORKER, "--yes", "--json", "--budget", "50"];
        let mut run = place.start(&start);
        run.until(|| place.runs().len() == 1);
        let id = place.runs()[0].clone();
        run.until(|| logs(&place.journal(&id)).contains(&"info: refused".to_owned()));
        place.open("it");
        let report = run.end().report();
        assert_eq!(report["output"], json!(["WorkflowBudgetExceededError", "hold it", 60, 0]));
        assert_eq!(place.calls().len(), 2);
    });

    /// The rejection has its own name, and says what was spent of what.
    D100_budget_error: script(r#"
await agent('tokens 60')
const error = await agent('x').catch((e) => e)
return { name: error.name, message: error.message, is: error instanceof Error }"#)
        .worker().flags(&["--budget", "50"])
        .caught("", "WorkflowBudgetExceededError", &["60", "50"])
        .calls(1)
        .also(|ended| assert_eq!(ended.report["output"]["is"], true));

    /// After a kill `spent()` has everything that was paid before.
    D102_spent_after_a_kill: steps(|place| {
        place.write("case.js", text(r#"
await agent('tokens 30')
const before = budget.spent()
await agent('hold it')
return [before, budget.spent(), budget.remaining(), (await caught(agent('tokens 30'))).value,
  (await caught(agent('tokens 30'))).name, budget.spent()]"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--budget", "50"];
        let run = place.killed(&start, || place.calls().len() == 2);
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        let expected = json!([30, 30, 20, "tokens 30", "WorkflowBudgetExceededError", 60]);
        assert_eq!(report["output"], expected);
        assert_eq!(place.counts()["tokens 30"], 2, "the first was not paid again");
    });
}
