//! How a run ends.

use serde_json::{Value, json};

use crate::case::{cases, script, steps, text};
use crate::place::WORKER;

cases! {
    /// An uncaught error ends the run: message and place are shown, running agents end.
    D165_uncaught_errors: vec![
        script("\nconst slow = agent('hold for-ever', { label: 'slow one' })\nawait agent('quick')\n\
                throw new RangeError('broken here')")
            .worker().fails("script-error", &["RangeError", "broken here"]).at(4, 11)
            .also(|ended| {
                let stderr = &ended.said.stderr;
                assert!(stderr.contains("case.js:4:11"), "{stderr}");
                assert!(stderr.contains("throw new RangeError('broken here')"), "{stderr}");
                let detail = &ended.report["error"]["failure"]["detail"];
                assert_eq!(detail["name"], "RangeError", "{detail}");
                assert!(detail["path"].as_str().unwrap().ends_with("case.js"), "{detail}");
                assert!(detail["frame"].as_str().unwrap().contains("> 4"), "{detail}");
                let states: Vec<Value> = ended.agents().iter().map(|a| a["state"].clone()).collect();
                assert_eq!(states, ["cancelled", "done"]);
                ended.place.nobody_is_left();
                assert_eq!(ended.said.exit, 1);
            }),
        script("\nthrow 'a text'").fails("script-error", &["a text"]),
        script("\nthrow null").fails("script-error", &["null"]),
        script("\nthrow { message: 'an object', code: 3 }").fails("script-error", &["an object|object"]),
        script("\nconst f = async () => { await null; undefinedName }\nawait f()")
            .fails("script-error", &["ReferenceError", "undefinedName"])
            .also(|ended| assert_eq!(ended.report["error"]["failure"]["detail"]["line"], 2)),
        script("\nclass Own extends Error { name = 'Own' }\nawait Promise.reject(new Own('mine'))")
            .fails("script-error", &["Own", "mine"]),
        script("\nawait agent('say x', { schema: { type: 'array' } })")
            .fails("script-error", &["WorkflowSchemaError"]).at(2, 7),
    ];

    /// An error says which agent the script was waiting for.
    D165_agent_of_an_error: script("\nconst r = await agent('fail x', { label: 'reader' })\nreturn r.length")
        .fails("script-error", &["TypeError"]).at(3, 8)
        .also(|ended| {
            let detail = &ended.report["error"]["failure"]["detail"];
            assert_eq!(detail["agent"]["label"], "reader", "{detail}");
            assert_eq!(detail["agent"]["task"], 1, "{detail}");
            assert!(ended.said.stderr.contains("reader"), "{}", ended.said.stderr);
        });

    /// To use a `null` result as a value fails the run, and nothing hangs.
    D166_null_results: script("\nconst slow = agent('hold for-ever')\nconst r = await agent('crash now')\nlog(r.items.join())")
        .worker().fails("script-error", &["TypeError", "null", "items"]).at(4, 5).calls(2);

    /// A result that is not JSON fails the run and names the place in it.
    D167_results_that_are_not_json: vec![
        script("const a = { list: [1, {}] }\na.list[1].self = a\nreturn a")
            .fails("script-result", &["list", "1", "self", "cycl|circular"]),
        script("return { a: { big: 10n } }").fails("script-result", &["a.big", "BigInt"]),
        script("return { a: [() => 1] }").fails("script-result", &["a[0]", "function"]),
        script("return Symbol('s')").fails("script-result", &["symbol"]),
        script("return { a: { toJSON() { throw new Error('in toJSON') } } }")
            .fails("script-result", &["in toJSON"]),
    ];

    /// What JSON leaves out or changes is as in JSON.
    D167_results_as_json: vec![
        script("return { a: undefined, b: [undefined, NaN, Infinity, -0], d: new Date(0), m: new Map([[1, 2]]) }")
            .done(json!({ "b": [null, null, null, 0], "d": "1970-01-01T00:00:00.000Z", "m": {} })),
        script("return { toJSON: () => ({ own: true }) }").done(json!({ "own": true })),
        script("return agent('say a promise')").done(json!("a promise")),
        script("return [1e21, 0.1, 123456789012345680, 5e-324]")
            .done(json!([1e21, 0.1, 123_456_789_012_345_680_u64, 5e-324])),
    ];

    /// A result of 5 MB is stored whole.
    D168_large_results: script("return { text: 'é'.repeat(2_500_000), list: Array(1000).fill(7) }")
        .also(|ended| {
            ended.is("done");
            assert_eq!(ended.report["output"]["text"].as_str().unwrap().len(), 5_000_000);
            assert_eq!(ended.report["output"]["list"].as_array().unwrap().len(), 1000);
            let shown = ended.place.say(&["show", ended.run(), "--json"]).report();
            assert_eq!(shown["result"]["done"]["output"], ended.report["output"]);
        });

    /// Calls that are pending at `return` are cancelled, and listed.
    D169_pending_calls: script("agent('hold for-ever', { label: 'left alone' })\nagent('hold too')\n\
                                return await agent('done soon')")
        .worker().done(json!("done soon"))
        .also(|ended| {
            let states: Vec<Value> = ended.agents().iter().map(|a| a["state"].clone()).collect();
            assert_eq!(states, ["cancelled", "cancelled", "done"]);
            let told = format!("{}{}", ended.logs().join("\n"), ended.report["summary"]);
            assert!(told.contains("left alone") && told.contains("hold too"), "listed: {told}");
            ended.place.nobody_is_left();
        });

    /// A rejection that nobody handles is logged, and does not end the run.
    D170_unhandled_rejections: vec![
        script("\nPromise.reject(new Error('nobody cares'))\nawait agent('say x')\nreturn 'on'")
            .done(json!("on")).log_says("warn", &["nobody cares", "unhandled|nobody handled"]),
        script("\nconst p = Promise.reject(new Error('late'))\nawait agent('say x')\n\
                return await caught(p)")
            .caught("", "Error", &["late"]),
        script("\nagent(7)\nreturn await agent('say on')").done(json!("on"))
            .log_says("warn", &["TypeError"]),
    ];

    /// A run in which agents died is done, and says how many did, by cause.
    D171_degraded: script(r#"
const all = await parallel(Array.from({ length: 22 }, (_, i) => () => agent(i < 15 ? 'fail dead' : 'say fine')))
return all.filter(Boolean).length"#)
        .done(json!(7)).failed_tasks(15)
        .also(|ended| {
            let shown = ended.place.say(&["show", ended.run(), "--json"]).report();
            assert_eq!(shown["failed_tasks"], 15, "{shown}");
            let listed = &ended.place.lines(&["ls", "--json"])[0];
            assert_eq!(listed["failed_tasks"], 15, "{listed}");
            assert!(ended.report["summary"].as_str().unwrap().contains("15"), "{}", ended.report);
        });

    /// A stopped run leaves no process, and none of its agents counts as failed.
    D172_stop: steps(|place| {
        place.write("case.js", text(
            "return await parallel([1, 2, 3].map((i) => () => agent(`hold ${i}`)))",
        ));
        let mut run = place.start(&["run", "case.js", "--agent", WORKER, "--yes", "--json"]);
        run.until(|| place.calls().len() == 3);
        let id = place.runs()[0].clone();
        assert_eq!(place.say(&["cancel", &id]).exit, 0);
        let said = run.end();
        assert_eq!(said.exit, 1, "{said:?}");
        assert_eq!(said.report()["state"], "cancelled", "{said:?}");
        place.nobody_is_left();
        for task in place.tree(&id) {
            assert_eq!(task["state"], "cancelled", "{task}");
        }
    });
}
