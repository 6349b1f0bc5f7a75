//! Caps on agents, at once and in all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::case::{Ended, cases, script};

/// The most agents that were at work at once, by the journal.
fn at_once(ended: &Ended<'_>) -> usize {
    let mut working = BTreeSet::new();
    let mut most = 0;
    for record in ended.journal() {
        match record["kind"].as_str().unwrap() {
            "started" => {
                for start in record["body"]["tasks"].as_array().unwrap() {
                    working.insert(start["task"].to_string());
                }
            }
            "completed" => {
                working.remove(&record["body"]["task"].to_string());
            }
            _ => {}
        }
        most = most.max(working.len());
    }
    most
}

cases! {
    /// 16 agents are at work at once by default, and no more; `--concurrency` changes it.
    D125_at_once: vec![
        // They wait for each other: fewer than 16 would wait for ever.
        script("return (await parallel(Array.from({ length: 32 }, (_, i) => () =>\n\
                agent(`meet ${i < 16 ? 'a' : 'b'} 16`)))).length")
            .worker().done(json!(32)).also(|ended| assert_eq!(at_once(ended), 16)),
        script("return (await parallel(Array.from({ length: 9 }, () => () => agent('meet a 3')))).length")
            .worker().flags(&["--concurrency", "3"]).done(json!(9))
            .also(|ended| assert_eq!(at_once(ended), 3)),
        script("return (await parallel(Array.from({ length: 20 }, () => () => agent('meet a 20')))).length")
            .worker().flags(&["--concurrency", "20"]).done(json!(20))
            .also(|ended| assert_eq!(at_once(ended), 20)),
    ];

    /// The cap holds for children together with their parent.
    D126_children_at_once: script(r#"
return (await parallel([
  ...Array.from({ length: 4 }, () => () => workflow('child')),
  ...Array.from({ length: 8 }, () => () => agent('say x')),
])).flat().length"#)
        .with_workflow("child", "return await parallel([1, 2, 3].map((i) => () => agent(`say ${i}`)))")
        .flags(&["--concurrency", "2"]).done(json!(20)).calls(20)
        .also(|ended| assert_eq!(at_once(ended), 2));

    /// Waiting calls start in the order in which they were made, and all of them end.
    D127_order_of_starts: script(
        "return (await Promise.all(Array.from({ length: 100 }, (_, i) => agent(`say ${i}`)))).length",
    )
        .flags(&["--concurrency", "3"]).done(json!(100))
        .also(|ended| {
            let started: Vec<Value> = ended.journal().iter().filter(|r| r["kind"] == "started")
                .flat_map(|r| r["body"]["tasks"].as_array().unwrap().clone())
                .map(|start| start["task"].clone()).collect();
            let asked: Vec<Value> = ended.asked().iter().map(|body| body["task"].clone()).collect();
            assert_eq!(started, asked);
        });

    /// Call 1,000 runs, call 1,001 rejects.
    D128_a_thousand_agents: script(r#"
const all = await Promise.all(Array.from({ length: 1001 }, (_, i) => caught(agent('say x'))))
return [all.filter((x) => x.value === 'x').length, all[999].value, all[1000]]"#)
        .calls(1000)
        .caught("/2", "WorkflowAgentCapError", &["1000|1,000", "run"])
        .also(|ended| {
            assert_eq!(ended.report["output"][0], 1000);
            assert_eq!(ended.report["output"][1], "x");
        });

    /// The cap can be lowered, and the calls of children count.
    D128_lower_cap: script(r#"
const first = await workflow('child')
return [first, await agent('say 3'), (await caught(agent('say 4'))).name]"#)
        .with_workflow("child", "return [await agent('say 1'), await agent('say 2')]")
        .flags(&["--limit", "run.agents=3"])
        .done(json!([["1", "2"], "3", "WorkflowAgentCapError"])).calls(3);

    /// A retry is another attempt of the same call.
    D131_retries: script("return await parallel([() => agent('again x'), () => agent('quick')])")
        .worker().done(json!(["again x", "quick"])).calls(2)
        .also(|ended| {
            let attempts: Vec<Value> = ended.agents().iter().map(|a| a["attempts"].clone()).collect();
            assert_eq!(attempts, [2, 1]);
            assert_eq!(ended.place.counts()["again x"], 2);
        });

    /// A limit on the time of an attempt ends its process and whatever that started.
    D132_time_of_an_attempt: script("return (await caught(agent('nest', { baton: { timeoutMs: 1500 } }))).name")
        .worker().flags(&["--extensions"]).done(json!("WorkflowStallError"))
        .also(|ended| {
            let pids = ended.place.pids();
            assert!(pids.len() >= 2, "{pids:?}");
            ended.place.nobody_is_left();
        });

    /// A guideline is advice; a cap is a cap: call 51 of a limit of 50 rejects.
    D133_hard_caps: script(
        "const all = await Promise.all(Array.from({ length: 51 }, () => caught(agent('say x'))))\n\
         return [all.filter((x) => x.value).length, all[50].name]",
    )
        .flags(&["--limit", "run.agents=50"]).done(json!([50, "WorkflowAgentCapError"])).calls(50);

    /// At the operator's cap the run pauses and the script sees nothing of it; a higher one goes on.
    D133_operators_cap: script("return (await Promise.all([1, 2, 3].map((i) => agent(`say ${i}`)))).join()")
        .flags(&["--max-agents", "2"])
        .also(|ended| {
            ended.is("paused");
            assert_eq!(ended.said.exit, 4, "{}", ended.said.stderr);
            let resumed = ended.place.say(&["resume", ended.run(), "--max-agents", "3", "--json"]);
            assert_eq!(resumed.report()["output"], "1,2,3", "{}", resumed.stderr);
        });
}
