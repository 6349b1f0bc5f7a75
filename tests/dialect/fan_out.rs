//! `parallel` and `pipeline`.

use serde_json::json;

use crate::case::{cases, script};

cases! {
    /// Results are in input order when agents end in reverse.
    D72_input_order: script(r#"
return await parallel([
  () => agent('hold last'),
  () => agent('second').then(async (text) => { await agent('open last'); return text }),
  () => 'third',
])"#)
        .worker().done(json!(["hold last", "second", "third"]))
        .also(|ended| {
            let ends: Vec<String> = ended.journal().iter().filter(|r| r["kind"] == "completed")
                .map(|r| r["body"]["task"].to_string()).collect();
            let at = |task: char| ends.iter().position(|end| end.contains(task));
            assert!(at('1') > at('2'), "the first call ends after the second: {ends:?}");
        });

    /// What follows `await parallel()` runs after the slowest thunk.
    D73_waits_for_all: script(r#"
const seen = []
await parallel([
  () => agent('hold slow').then(() => seen.push('slow')),
  () => agent('open slow').then(() => seen.push('fast')),
  async () => { await null; seen.push('none') },
])
return seen.length"#)
        .worker().done(json!(3));

    /// A thunk that throws, at once or later, is `null` in its place.
    D74_throwing_thunks: script(r#"
return await parallel([
  () => { throw new Error('at once') },
  async () => { throw new Error('rejected') },
  async () => { await agent('say x'); throw new Error('later') },
  () => Promise.reject(undefined),
  () => { throw null },
  () => agent('say fine'),
])"#)
        .done(json!([null, null, null, null, null, "fine"])).calls(2);

    /// Promises or values instead of functions reject, before any thunk is called.
    D75_functions_are_expected: script(r#"
let called = 0
const thunk = () => { called += 1 }
const promise = Promise.resolve('x')
return [
  await caught(parallel([thunk, promise])),
  await caught(parallel([thunk, 'text'])),
  await caught(parallel([null])),
  await caught(parallel([, thunk])),
  await caught(parallel([{ then() {} }])),
  called,
]"#)
        .caught("/0", "TypeError", &["function", "promise", "1"])
        .caught("/1", "TypeError", &["function", "string"])
        .caught("/2", "TypeError", &["function", "null"])
        .caught("/3", "TypeError", &["function", "undefined"])
        .caught("/4", "TypeError", &["function"])
        .also(|ended| assert_eq!(ended.report["output"][5], 0));

    /// Agents that were started by mistake end with the run.
    D75_agents_instead_of_thunks: script("\nreturn await parallel([agent('spin'), agent('spin')])")
        .fails("script-error", &["TypeError", "function", "promise"]).at_line(2).calls(2)
        .also(|ended| {
            for agent in ended.agents() {
                assert_eq!(agent["state"], "cancelled", "{agent}");
            }
        });

    /// No thunks give no results; what is no array rejects.
    D76_arrays: script(r#"
const all = [undefined, null, 'ab', { length: 0 }, new Set(), 3, () => 1]
return [await parallel([]), ...await Promise.all(all.map((x) => caught(parallel(x))))]"#)
        .also(|ended| {
            let output = ended.report["output"].as_array().unwrap();
            assert_eq!(output[0], json!([]));
            assert_eq!(output.len(), 8);
            for error in &output[1..] {
                assert_eq!(error["name"], "TypeError", "{output:?}");
                assert!(error["message"].as_str().unwrap().contains("array"), "{error}");
            }
        });

    /// A plain value of a thunk is kept.
    D77_plain_values: script(r#"
return await parallel([() => 0, () => '', () => false, () => null, async () => ({ a: [1] }),
  function () { return arguments.length }])"#)
        .done(json!([0, "", false, null, { "a": [1] }, 0]));

    /// 4,096 thunks run; with one more none does.
    D78_4096_thunks: vec![
        script("const r = await parallel(Array.from({ length: 4096 }, (_, i) => async () => i))\n\
                return [r.length, r.every((x, i) => x === i)]").done(json!([4096, true])),
        script(r#"
let called = 0
const thunks = Array.from({ length: 4097 }, () => () => { called += 1; return agent('say x') })
return [await caught(parallel(thunks)), called]"#)
            .caught("/0", "Error|RangeError", &["4097|4,097", "4096|4,096"]).calls(0)
            .also(|ended| assert_eq!(ended.report["output"][1], 0)),
    ];

    /// Nested fan-outs need no more room than their agents: ten times ten pass a cap of two.
    D79_nested_fan_outs: script(r#"
const rows = await parallel(Array.from({ length: 10 }, (_, i) => () =>
  parallel(Array.from({ length: 10 }, (_, j) => () => agent(`say ${i}-${j}`)))))
return rows.flat().join()"#)
        .flags(&["--concurrency", "2"]).calls(100)
        .also(|ended| {
            let all: Vec<String> = (0..100).map(|n| format!("{}-{}", n / 10, n % 10)).collect();
            assert_eq!(ended.report["output"], all.join(","));
        });

    /// Every error that became `null` is in the log with its place, and counted.
    D80_swallowed_errors: script(r#"
await parallel([() => 1, () => { throw new TypeError('first of two') }])
await pipeline(['a', 'b', 'c'], (x) => x, (x) => { if (x === 'c') throw new Error('second of two'); return x })
return 1"#)
        .done(json!(1))
        .log_says("warn", &["parallel", "1", "first of two"])
        .log_says("warn", &["pipeline", "2", "second of two"])
        .also(|ended| {
            let summary = ended.report["summary"].as_str().unwrap();
            assert!(summary.contains("2 errors") || summary.contains("2 swallowed"), "{summary}");
        });

    /// A fast item reaches the third stage while a slow one is in the first.
    D81_no_waiting_between_stages: script(r#"
return await pipeline(['slow', 'fast'],
  (item) => agent(item === 'slow' ? 'hold slow' : 'one'),
  (previous, item) => agent(`two ${item}`),
  (previous, item) => item === 'fast' ? agent('open slow') : 'end of slow')"#)
        .worker().done(json!(["end of slow", "open slow"])).calls(5);

    /// A stage gets the previous value, the item and its index.
    D82_stage_arguments: script(r#"
const item = { a: 1 }
return await pipeline([item, 'b'],
  (...all) => [all.length, all[0] === all[1], all[2]],
  (...all) => [...all[0], all[1] === item || all[1], all[2], all.length])"#)
        .done(json!([[3, true, 0, true, 0, 3], [3, true, 1, "b", 1, 3]]));

    /// A stage that throws gives `null`, skips what follows, and leaves other items alone.
    D83_throwing_stages: script(r#"
const reached = []
const all = await pipeline([1, 2, 3, 4],
  (x) => { if (x === 2) throw new Error('now'); return x * 10 },
  async (x) => { await null; if (x === 30) throw new Error('later'); return x + 1 },
  (x, item) => { reached.push(item); return x })
return [all, reached.sort()]"#)
        .done(json!([[11, null, null, 41], [1, 4]]));

    /// A stage that gives `null` skips nothing.
    D84_null_is_no_throw: script(r#"
return await pipeline(['x'], () => null, (previous, item) => [previous, item],
  async () => agent('fail x'), (previous) => previous === null)"#)
        .done(json!([true]));

    /// A stage may give a plain value or the promise of a `parallel()`.
    D85_stage_values: script(r#"
return await pipeline([1, 2],
  (x) => x + 1,
  (x) => parallel([() => x, () => agent(`say ${x}`)]),
  (all) => pipeline(all, (y) => [y]))"#)
        .done(json!([[[2], ["2"]], [[3], ["3"]]]));

    /// Results are in item order.
    D86_item_order: script(r#"
return await pipeline(['slow', 'fast'],
  (item) => agent(item === 'slow' ? 'hold it' : 'open it'), (text) => text.toUpperCase())"#)
        .worker().done(json!(["HOLD IT", "OPEN IT"]));

    /// No items give no results; no stages give the items; a stage that is no function rejects.
    D87_pipeline_arguments: script(r#"
let called = 0
const f = (x) => { called += 1; return x }
return [
  await pipeline([], f), await pipeline([1, 'b']),
  await caught(pipeline([1], f, 'text')), await caught(pipeline([1], null)),
  await caught(pipeline('ab', f)), await caught(pipeline(undefined, f)), called,
]"#)
        .caught("/2", "TypeError", &["function", "string"])
        .caught("/3", "TypeError", &["function", "null"])
        .caught("/4", "TypeError", &["array"])
        .caught("/5", "TypeError", &["array"])
        .also(|ended| {
            let output = &ended.report["output"];
            assert_eq!((&output[0], &output[1]), (&json!([]), &json!([1, "b"])));
            assert_eq!(output[6], 0, "nothing was called");
        });

    /// With 4,097 items a pipeline starts nothing.
    D88_4097_items: vec![
        script("return (await pipeline(Array(4096).fill(1), (x, _, i) => x + i)).at(-1)")
            .done(json!(4096)),
        script("return await caught(pipeline(Array(4097).fill(1), () => agent('say x')))")
            .caught("", "Error|RangeError", &["4097|4,097", "4096|4,096"]).calls(0),
    ];

    /// A refusal inside a fan-out becomes `null`, and is counted as refused.
    D89_refused_in_a_fan_out: vec![
        script("return [await parallel([1, 2, 3].map((i) => () => agent(`say ${i}`))),\n\
                await pipeline([4], (i) => agent(`say ${i}`))]")
            .flags(&["--limit", "run.agents=1"])
            .done(json!([["1", null, null], [null]])).calls(1)
            .log_says("warn", &["WorkflowAgentCapError|limit"])
            .also(|ended| {
                let summary = ended.report["summary"].as_str().unwrap();
                assert!(summary.contains("3 refused") || summary.contains("3 calls refused"), "{summary}");
            }),
        script("await agent('tokens 10')\nreturn await parallel([() => agent('tokens 1')])").worker()
            .flags(&["--budget", "10"]).done(json!([null])).calls(1)
            .also(|ended| {
                let summary = ended.report["summary"].as_str().unwrap();
                assert!(summary.contains("1 refused") || summary.contains("1 call refused"), "{summary}");
            }),
    ];
}
