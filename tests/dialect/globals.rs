//! `phase`, `log`, `args` and the console.

use serde_json::json;

use crate::case::{Case, cases, file, script, steps, text};

/// What `args` is for an input that is given in one way.
fn args(flags: &[&str]) -> Case {
    script("return { type: args === null ? 'null' : Array.isArray(args) ? 'array' : typeof args, args }")
        .flags(flags)
}

cases! {
    /// A call belongs to the group in which it was made, however long it waits for a slot.
    D90_group_of_a_call: script(r#"
phase('A')
const waiting = [agent('say 1'), agent('say 2'), agent('say 3')]
phase('B')
waiting.push(agent('say 4'))
await Promise.all(waiting)"#)
        .flags(&["--concurrency", "1"])
        .also(|ended| {
            let phases: Vec<_> = ended.agents().iter().map(|a| a["phase"].clone()).collect();
            assert_eq!(phases, ["A", "A", "A", "B"]);
        });

    /// Titles match exactly; others are groups of their own.
    D91_titles: file(
        "export const meta = { name: 'case', description: 'd', phases: [{ title: 'Plan' }] }\n\
         for (const title of ['Plan', 'plan', 'Plan ', 'Other']) { phase(title); await agent('say x') }",
    )
        .also(|ended| {
            let phases: Vec<_> = ended.agents().iter().map(|a| a["phase"].clone()).collect();
            assert_eq!(phases, ["Plan", "plan", "Plan ", "Other"]);
        });

    /// A declared phase that is never reached is shown as not started.
    D92_phases_not_reached: file(
        "export const meta = { name: 'case', description: 'd',\n\
         phases: [{ title: 'Reached' }, { title: 'Missed' }] }\n\
         phase('Reached')\nawait agent('say x')",
    )
        .also(|ended| {
            let tree = ended.place.say(&["tree", ended.run()]).stdout;
            let missed = tree.lines().find(|line| line.contains("Missed"));
            let missed = missed.unwrap_or_else(|| panic!("`Missed` is not shown: {tree}"));
            assert!(missed.contains("not started"), "{missed}");
            let reached = tree.lines().find(|line| line.contains("Reached")).unwrap();
            assert!(!reached.contains("not started"), "{reached}");
        });

    /// Log lines keep their order and have a time; what is no text is shown as one.
    D93_log: script(r#"
log('first')
log({ a: [1, 'x'] })
log(1, 'two', null, undefined, true)
log('second')
const cycle = {}
cycle.self = cycle
log(cycle)
log(Symbol('s'), 7n, () => 1)
log()
log('last')"#)
        .also(|ended| {
            let lines = ended.logs();
            assert_eq!(lines[0], "info: first");
            assert!(lines[1].contains("\"a\"") || lines[1].contains("a:"), "{lines:?}");
            assert_eq!(lines[2], "info: 1 two null undefined true");
            assert_eq!(lines[3], "info: second");
            assert_eq!(lines.last().unwrap(), "info: last");
            let times: Vec<String> = ended.journal().iter().filter(|r| r["kind"] == "reported")
                .map(|r| r["at"].as_str().unwrap().to_owned()).collect();
            assert!(times.is_sorted() && times.iter().all(|at| at.starts_with("20")), "{times:?}");
        });

    /// `args` is the input, unchanged.
    D94_args: vec![
        args(&["--input", r#"{"b":1,"a":[null,1.5,"é"]}"#])
            .done(json!({ "type": "object", "args": { "b": 1, "a": [null, 1.5, "é"] } })),
        args(&["--input", "[1,[2]]"]).done(json!({ "type": "array", "args": [1, [2]] })),
        args(&["--input", "\"text\""]).done(json!({ "type": "string", "args": "text" })),
        args(&["--input", "-1.5"]).done(json!({ "type": "number", "args": -1.5 })),
        args(&["--input", "false"]).done(json!({ "type": "boolean", "args": false })),
        args(&["--input", "null"]).done(json!({ "type": "null", "args": null })),
        args(&[]).done(json!({ "type": "undefined" })),
        script("return Object.keys(args)").flags(&["--input", r#"{"z":1,"a":2,"10":3,"9":4}"#])
            .done(json!(["9", "10", "z", "a"])),
        script("args.list.push(args)\nargs.list.length = 1\nargs.x = 1\nreturn args")
            .flags(&["--input", r#"{"list":[1]}"#]).done(json!({ "list": [1], "x": 1 })),
    ];

    /// A string that happens to be JSON stays a string.
    D95_strings_stay: vec![
        args(&["--input", r#""{\"a\":1}""#]).done(json!({ "type": "string", "args": "{\"a\":1}" })),
        args(&["--args", "[1]"]).done(json!({ "type": "string", "args": "[1]" })),
    ];

    /// `--args` gives a string, `--args-json` a value, and both together are refused.
    D96_flags: vec![
        args(&["--args", "null"]).done(json!({ "type": "string", "args": "null" })),
        args(&["--args", ""]).done(json!({ "type": "string", "args": "" })),
        args(&["--args-json", "{\"a\":null}"])
            .done(json!({ "type": "object", "args": { "a": null } })),
    ];

    /// `--args` and `--args-json` together are refused.
    D96_both_flags: steps(|place| {
        place.write("case.js", text("return args"));
        for other in ["--args-json", "--input"] {
            let said = place.say(&["run", "case.js", "--yes", "--args", "a", other, "1"]);
            assert_eq!(said.exit, 2, "{said:?}");
            assert!(said.stderr.contains("--args"), "{said:?}");
        }
        let said = place.say(&["run", "case.js", "--yes", "--args-json", "{a:1}"]);
        assert_eq!(said.exit, 2, "{said:?}");
        assert_eq!(place.runs(), [] as [String; 0]);
    });

    /// The console writes to the log of the run.
    D109_console: script(r#"
console.log('one', 1, { a: 2 })
console.info('two')
console.warn('three')
console.error('four')
console.debug('five')"#)
        .also(|ended| {
            let lines = ended.logs();
            assert!(lines[0].starts_with("info: one 1 "), "{lines:?}");
            assert_eq!(lines[1..], ["info: two", "warn: three", "error: four", "debug: five"]);
        });

    /// The console's other methods are there, and harmless.
    D109_console_methods: script(r#"
for (const name of ['trace', 'table', 'group', 'groupEnd', 'time', 'timeEnd', 'assert', 'dir', 'count'])
  if (typeof console[name] === 'function') console[name]('x')
console.log()
console.log(Symbol('s'), null, undefined)
return typeof console"#)
        .done(json!("object"));
}
