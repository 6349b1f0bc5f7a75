//! What a script cannot reach, and what is the same every time.

use serde_json::{Value, json};

use crate::case::{Case, Ended, cases, file, script, spawned, steps, text};
use crate::place::{COMPONENT, WORKER};

/// What a line of JavaScript throws, as `Name: message`.
fn throws(expression: &str, words: &'static [&'static str]) -> Case {
    script(&format!(
        "\nlet got\ntry {{ got = 'gives ' + String({expression}) }} catch (e) {{ got = e.name + ': ' + e.message }}\n\
         return {{ name: 'x', message: got }}"
    ))
    .also(move |ended| {
        let got = ended.report["output"]["message"].as_str().unwrap();
        assert!(!got.starts_with("gives "), "{got}");
        for word in words {
            let has = word.split('|').any(|word| got.to_lowercase().contains(word));
            assert!(has, "`{word}` is missing: {got}");
        }
    })
}

cases! {
    /// The clock and the random source throw, and say what to do instead.
    D112_clock_and_random: vec![
        throws("Date.now()", &["time", "args"]),
        throws("new Date()", &["time", "args"]),
        throws("Date()", &["time", "args"]),
        throws("Math.random()", &["random", "args|index"]),
        throws("new Date(undefined).getTime() || Date.now()", &["time"]),
        script("\nconst start = Date.now()").fails("script-error", &["args"]).at(2, 20),
    ];

    /// Dates of a given moment work, in UTC.
    D113_given_dates: script(r#"
return [new Date(0).toISOString(), new Date('2026-05-01T10:00:00Z').getTime(), Date.UTC(2026, 0, 1),
  Date.parse('2026-01-01T00:00:00Z'), new Date(2026, 0, 1, 5).getTime(), new Date(0).getHours(),
  new Date(0).getTimezoneOffset(), new Date(new Date(5)).getTime(), Date.length, new Date('x').getTime(),
  typeof Math.floor(1.5), new Date(2020, 1).getMonth()]"#)
        .done(json!(["1970-01-01T00:00:00.000Z", 1_777_629_600_000_u64, 1_767_225_600_000_u64,
            1_767_225_600_000_u64, 1_767_243_600_000_u64, 0, 0, 5, 7, null, "number", 1]));

    /// The clock and the random source throw by every other path.
    D114_every_path: vec![
        throws("new Date(0).constructor.now()", &["time"]),
        throws("Reflect.construct(Date, [])", &["time"]),
        throws("Reflect.construct(Date, [], Object)", &["time"]),
        throws("new (class extends Date {})()", &["time"]),
        throws("new (class extends Date { constructor() { super() } })()", &["time"]),
        throws("Date.call(new Date(0))", &["time"]),
        throws("Date.apply(null, [])", &["time"]),
        throws("new (Date.bind(null))()", &["time"]),
        throws("Reflect.apply(Date, null, [])", &["time"]),
        throws("Object.getPrototypeOf(new Date(0)).constructor.now()", &["time"]),
        throws("new Date(...[])", &["time"]),
        throws("Reflect.get(Math, 'random')()", &["random"]),
        throws("Object.getOwnPropertyDescriptor(Math, 'random').value()", &["random"]),
        throws("globalThis['Da' + 'te']['n' + 'ow']()", &["time"]),
        throws("[1, 2].map(Math.random)", &["random"]),
        throws("performance.now()", &["performance|time"]),
        throws("new Intl.DateTimeFormat().format()", &["intl|time"]),
        throws("Temporal.Now.instant()", &["temporal|time"]),
        throws("new Date(0).toLocaleString === undefined || (() => { delete Date.now; return Date.now() })()",
               &["time|not a function"]),
    ];

    /// What a host would offer is not there.
    D115_absent: script(r#"
return [typeof process, typeof require, typeof fetch, typeof Buffer, typeof module, typeof crypto,
  typeof exports, typeof __dirname, typeof fs, typeof Deno, typeof Bun, typeof window, typeof self,
  typeof std, typeof os, typeof print, typeof scriptArgs, typeof WebAssembly, typeof XMLHttpRequest,
  typeof performance, typeof navigator, typeof gc, typeof load, typeof baton, typeof __loadScript]"#)
        .done(json!(vec!["undefined"; 25]));

    /// `eval` and the constructors of functions throw.
    D116_no_evaluation: vec![
        throws("eval('1')", &["eval|code"]),
        throws("(0, eval)('1')", &["eval|code"]),
        throws("new Function('')", &["function|code"]),
        throws("Function('return 1')()", &["function|code"]),
        throws("(() => {}).constructor('return 1')()", &[]),
        throws("(async () => {}).constructor('return 1')()", &[]),
        throws("(function* () {}).constructor('yield 1')()", &[]),
        throws("(async function* () {}).constructor('yield 1')()", &[]),
        throws("Reflect.construct(Function, ['return 1'])()", &[]),
        throws("Reflect.construct(Object, ['return 1'], Function)()", &[]),
        throws("setTimeout('log(1)', 0)", &["function|typeerror"]),
    ];

    /// An endless loop ends its run with the limit named; other runs go on.
    D117_endless_loops: steps(|place| {
        place.write("case.js", text("if (args) for (;;) {}\nreturn await agent('say fine')"));
        place.write("inputs.jsonl", "true\nfalse\ntrue\nfalse\n");
        let said = place.say(&["run", "case.js", "--each", "inputs.jsonl", "--yes", "--json",
            "--agent", COMPONENT, "--limit", "workflow.fuel=300M"]);
        let mut ends: Vec<(u64, String)> = said.stdout.lines().map(|line| {
            let report: Value = serde_json::from_str(line).unwrap();
            let failure = &report["error"]["failure"];
            let end = match report["state"].as_str().unwrap() {
                "done" => report["output"].as_str().unwrap().to_owned(),
                _ => format!("{}:{}", failure["kind"].as_str().unwrap(), failure["code"].as_str().unwrap()),
            };
            (report["line"].as_u64().unwrap(), end)
        }).collect();
        ends.sort();
        let ends: Vec<&str> = ends.iter().map(|(_, end)| end.as_str()).collect();
        assert_eq!(ends, ["limit:fuel", "fine", "limit:fuel", "fine"], "{said:?}");
    });

    /// A script cannot catch its limit.
    D118_limits_are_not_caught: vec![
        script("\ntry { for (;;) {} } catch { log('caught') } finally { log('finally') }\nreturn 1")
            .flags(&["--limit", "workflow.fuel=300M"]).also(limit("fuel")).logs(&[]),
        script("\nreturn await parallel([() => { for (;;) {} }])")
            .flags(&["--limit", "workflow.fuel=300M"]).also(limit("fuel")),
        script("\nreturn await agent('say x').then(() => { for (;;) {} }).catch(() => 'caught')")
            .flags(&["--limit", "workflow.fuel=300M"]).also(limit("fuel")),
    ];

    /// Memory beyond the cap ends the run with the cap named.
    D119_memory: vec![
        script("\nconst all = []\ntry { for (;;) all.push(new Array(100000).fill(all.length)) } catch { return 'caught' }")
            .also(limit("memory")),
        script("\nlet s = 'x'\nfor (;;) s = s + s + 1").also(memory_or_error),
    ];

    /// Fuel is counted the same on a replay: every record says how much was burnt before it, a replay
    /// that burns another amount diverges, and none does.
    D120_fuel_on_replay: steps(|place| {
        place.write("case.js", text(r#"
let sum = 0
for (const gate of ['a', 'b', 'c']) {
  for (let i = 0; i < 20000; i++) sum += i % 7
  await agent(`hold ${gate}`)
  await parallel([1, 2, 3].map((i) => () => agent(`quick ${gate} ${i}`)))
}
return sum"#));
        let called = |prompt: &str| place.calls().iter().filter(|call| *call == prompt).count();
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--json"];
        let run = place.killed(&start, || called("hold a") == 1);
        for (gate, next) in [("a", "hold b"), ("b", "hold c")] {
            place.open(gate);
            place.killed(&["resume", &run, "--json"], || called(next) == 1);
        }
        place.open("c");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], 179_991, "{report}");
        let fuel: Vec<u64> = spawned(&place.journal(&run)).iter()
            .map(|body| body["fuel"].as_u64().unwrap()).collect();
        assert_eq!(fuel.len(), 12);
        assert!(fuel.is_sorted_by(|a, b| a < b), "neither refilled nor drained: {fuel:?}");
        assert!(report["usage"]["fuel"].as_u64().unwrap() > fuel[11], "{report}");
        for prompt in ["quick a 1", "quick b 2", "quick c 3"] {
            assert_eq!(called(prompt), 1);
        }
    });

    /// A run is cut at the same point whether it was interrupted before or not: what it had burnt
    /// before a kill counts once.
    D120_cut_at_the_same_point: steps(|place| {
        place.write("case.js", text(r#"
await agent('first')
await agent('hold it')
for (let i = 0;; i++) if (i % 1000 === 0) log(String(i))"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--json", "--limit", "workflow.fuel=1G"];
        let run = place.killed(&start, || place.calls().contains(&"hold it".to_owned()));
        place.open("it");
        let resumed = Ended::of(place, place.say(&["resume", &run, "--json"]));
        let whole = Ended::of(place, place.say(&start));
        limit("fuel")(&resumed);
        limit("fuel")(&whole);
        // Runs differ by a few units, and a log line stands every hundred thousand or so.
        let lines = (resumed.logs().len(), whole.logs().len());
        assert!(lines.1 > 100 && lines.0.abs_diff(lines.1) <= 1, "{lines:?}");
    });

    /// The engine's component imports the workflow functions, and virtual clocks at the most.
    D121_imports: steps(|place| {
        place.write("runner.wasm", baton_plugins::script_runner());
        let found = place.say(&["check", "runner.wasm", "--json"]).report();
        let imports: Vec<&str> =
            found["imports"].as_array().unwrap().iter().map(|i| i.as_str().unwrap()).collect();
        assert!(imports.iter().any(|name| name.starts_with("baton:runtime/tasks@")), "{imports:?}");
        for name in &imports {
            let allowed = ["baton:runtime/", "wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/",
                // Toolchains import it; it is empty.
                "wasi:filesystem/"];
            assert!(allowed.iter().any(|start| name.starts_with(start)), "{name}");
        }
    });

    /// `URL` works.
    D122_url: script(r#"
const url = new URL('https://user:pw@a.example:8080/b/../c?x=1&y=%20z#part')
let bad
try { new URL('no url') } catch (e) { bad = e.name }
url.searchParams.append('q', 'a b')
return [url.href, url.host, url.pathname, url.searchParams.get('y'), url.hash,
  new URL('d/e', 'https://a/b/c').href, bad, new URLSearchParams('a=1&a=2').getAll('a')]"#)
        .done(json!(["https://user:pw@a.example:8080/c?x=1&y=+z&q=a+b#part", "a.example:8080", "/c", " z",
            "#part", "https://a/b/d/e", "TypeError", ["1", "2"]]));

    /// Collation and time zone do not depend on the host.
    D123_locale_and_zone: steps(|place| {
        place.write("case.js", text(r#"
return [['b', 'a', 'B', 'ä', 'z', 'Z'].sort((x, y) => x.localeCompare(y)), new Date(0).getHours(),
  new Date(0).toString(), (1234.5).toLocaleString(), 'I'.toLocaleLowerCase(), String(new Date(86400000))]"#));
        let outputs: Vec<Value> = [("C", "UTC"), ("tr_TR.UTF-8", "Asia/Kolkata"), ("de_DE", "America/New_York")]
            .iter()
            .map(|(locale, zone)| {
                let arguments = ["run", "case.js", "--yes", "--json"];
                let mut command = place.command(&arguments);
                command.env("LC_ALL", locale).env("LANG", locale).env("TZ", zone);
                place.start_command(command, &arguments).end().report()["output"].clone()
            })
            .collect();
        assert_eq!(outputs[0][1], 0);
        assert_eq!(outputs[0][0], json!(["a", "ä", "b", "B", "z", "Z"]));
        assert_eq!(outputs[0], outputs[1]);
        assert_eq!(outputs[0], outputs[2]);
    });

    /// With `--lenient`, time and random numbers are there, and the same after a kill.
    D124_lenient: steps(|place| {
        place.write("case.js", text(r#"
const random = () => [Math.random(), Math.random()]
const first = [random(), Date.now(), new Date().toISOString(), Date(), crypto.randomUUID()]
await agent('first')
const second = [random(), Date.now()]
const held = await agent('hold it', { label: JSON.stringify([first, second]) })
return [first, second, random()]"#));
        let start = ["run", "case.js", "--agent", WORKER, "--yes", "--json", "--lenient"];
        let run = place.killed(&start, || place.calls().contains(&"hold it".to_owned()));
        let tree = place.tree(&run);
        let seen: Value = serde_json::from_str(tree.last().unwrap()["label"].as_str().unwrap()).unwrap();
        place.open("it");
        let output = place.say(&["resume", &run, "--json"]).report()["output"].clone();
        assert_eq!((&output[0], &output[1]), (&seen[0], &seen[1]));
        assert_ne!(output[0][0][0], output[0][0][1]);
        assert_ne!(output[0][0], output[1][0]);
        assert_ne!(output[2], output[1][0]);
        assert!(output[0][1].as_u64().unwrap() > 1_600_000_000_000, "{output}");
        let other = place.say(&start).report()["output"].clone();
        assert_ne!(other[0][0], output[0][0], "another run has other numbers");
    });

    /// What scripts of the dialect use is there.
    D15_language_level: file(
        "export const meta = { name: 'case', description: 'd' }\n\
         const all = [[3, 1, 2].toSorted(), Object.hasOwn({ a: 1 }, 'a'), 'aab'.replaceAll('a', 'b'),\n\
           [[1], [2]].flatMap((x) => x), Object.fromEntries([['a', 1]]), [1, 2].at(-1), [1, 2].findLast((x) => x < 2),\n\
           Object.groupBy ? 1 : 1, [3, 4].with(0, 9), [1, 2, 3].toReversed(), [1, 2].toSpliced(0, 1)]\n\
         let a = null; a ??= 1; let b = 0; b ||= 2; let c = 1; c &&= 3\n\
         const { x = 5, ...rest } = { y: 1 }\n\
         class A { #p = 1; static s = 2; get p() { return this.#p } }\n\
         function* g() { yield* [1, 2] }\n\
         outer: for (const i of [1, 2]) { for (;;) { await null; continue outer } }\n\
         const m = /(?<y>\\d+)-(?<z>\\p{L})/u.exec('12-é')\n\
         return [all, a, b, c, x, rest, new A().p, A.s, [...g()], m.groups.y, m.groups.z, `${a}`, a?.b?.c ?? 'none',\n\
           structuredClone(new Map([[1, { a: 1 }]])).get(1), atob(btoa('hi')),\n\
           new TextDecoder().decode(new TextEncoder().encode('é')), await new Promise((r) => queueMicrotask(() => r(1))),\n\
           2 ** 10, 1_000, String(10n ** 20n), [...'a😀'].length, 'x'.padStart(3, '-'), new Error('e', { cause: 1 }).cause]",
    )
        .done(json!([
            [[1, 2, 3], true, "bbb", [1, 2], { "a": 1 }, 2, 1, 1, [9, 4], [3, 2, 1], [2]],
            1, 2, 3, 5, { "y": 1 }, 1, 2, [1, 2], "12", "é", "1", "none", { "a": 1 }, "hi", "é", 1, 1024, 1000,
            "100000000000000000000", 2, "--x", 1,
        ]));

    /// The body is strict code.
    D09_strict_code: vec![
        script("\nundeclared = 1").fails("script-error", &["ReferenceError"]),
        script("return (function () { return this === undefined })()").done(json!(true)),
        script("return [this === undefined, typeof arguments]").also(|ended| ended.is("done")),
    ];
}

/// The run ended at that limit.
pub fn limit(code: &'static str) -> impl Fn(&Ended<'_>) {
    move |ended| {
        ended.is("failed");
        let failure = &ended.report["error"]["failure"];
        assert_eq!(
            (&failure["kind"], &failure["code"]),
            (&json!("limit"), &json!(code)),
            "{}",
            ended.report
        );
        assert_eq!(ended.said.exit, 4);
    }
}

/// The run ended at the cap on memory, or with the engine's own word that there is none.
pub fn memory_or_error(ended: &Ended<'_>) {
    ended.is("failed");
    let failure = &ended.report["error"]["failure"];
    let code = failure["code"].as_str().unwrap();
    assert!(["memory", "fuel", "script-error"].contains(&code), "{}", ended.report);
}
