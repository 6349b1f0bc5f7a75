//! Scripts that try to stay for ever, or to take everything.

use serde_json::json;

use crate::attack::{MUCH_FUEL, answered, attack, family};
use crate::case::cases;

cases! {
    /// A text of 100 MB does not fit.
    E10_huge_texts: family(vec![
        attack("\nconst text = 'x'.repeat(100 << 20)\nreturn text.length", &["limit:memory"]),
        attack("\nlet text = 'x'\nwhile (text.length < 100 << 20) text += text + 'y'\nreturn text.charCodeAt(9)", &["limit:memory"]),
        attack("\nreturn Array.from('x'.repeat(10 << 20)).map((c, i) => c + i).join()", &["limit:memory", "limit:fuel"]),
        attack("\nreturn new Uint8Array(100 << 20).length", &["limit:memory", "failed:script-error"]),
        answered("return (await caught(agent('x'.repeat(300 << 10)))).name", json!("Error"))
            .flags(&["--limit", "run.prompt_bytes=256KiB"]),
        answered("log('x'.repeat(4 << 20))\nphase('p'.repeat(1 << 20))\n\
                  return typeof (await caught(agent('say x', { label: 'l'.repeat(1 << 20) })))", json!("object"))
            .flags(&MUCH_FUEL),
        attack("return 'x'.repeat(9 << 20)", &["failed:invalid-result", "failed:script-result"])
            .flags(&MUCH_FUEL),
        attack("return await agent('say x', { schema: { type: 'object', description: 'x'.repeat(3 << 20) } })",
               &["failed:script-error"]).flags(&MUCH_FUEL),
    ]);

    /// Recursion without an end is an error of the script.
    E11_deep_recursion: family(vec![
        answered("const down = (n) => down(n + 1) + 1\ntry { down(0) } catch (e) { return e.name }", json!("RangeError")),
        attack("\nconst down = (n) => down(n + 1) + 1\nreturn down(0)", &["failed:script-error"])
            .also(|ended| assert!(ended.report["error"]["message"].as_str().unwrap().contains("RangeError"))),
        attack("const down = async () => { await down() }\nawait down()", &["failed:script-error", "limit:memory"]),
        attack("const a = []\na.sort.call([2, 1], function f() { [2, 1].sort(f) })", &["failed:script-error", "limit:stack"]),
        attack("const o = { toString() { return `${this}` } }\nreturn `${o}`", &["failed:script-error", "limit:stack"]),
        attack("let p = {}\nfor (let i = 0; i < 100000; i++) p = new Proxy(p, {})\nreturn p.x", &["failed:script-error", "limit:stack", "limit:memory"])
            .flags(&MUCH_FUEL),
        attack("return 'a'.replace(/a/, function f() { return 'a'.replace(/a/, f) })", &["failed:script-error", "limit:stack"]),
        answered("const down = (n) => n === 0 ? 0 : 1 + down(n - 1)\nreturn down(1000)", json!(1000)),
    ]);

    /// A loop without an end meets the fuel, wherever it stands.
    E12_endless_loops: family(vec![
        attack("for (;;) {}", &["limit:fuel"]).calls(0),
        attack("await agent('say x')\nfor (;;) {}", &["limit:fuel"]).calls(1),
        attack("await pipeline([1], (x) => x, () => { for (;;) {} })", &["limit:fuel"]),
        attack("await parallel([() => { while (true) {} }])", &["limit:fuel"]),
        attack("await agent('say x').then(() => { for (;;) {} })", &["limit:fuel"]),
        attack("await agent({ get toString() { for (;;) {} } }).catch(() => {})\nawait agent('x', { get label() { for (;;) {} } })", &["limit:fuel"]),
        attack("const f = () => Promise.resolve().then(f)\nf()\nawait agent('say x')", &["limit:fuel"]),
        attack("const f = () => queueMicrotask(f)\nf()\nawait agent('say x')", &["limit:fuel"]),
        attack("setTimeout(() => { for (;;) {} }, 0)\nawait agent('say x')\nawait new Promise((r) => setTimeout(r, 5))", &["limit:fuel"]),
        attack("for (const x of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }) {}", &["limit:fuel"]),
        attack("return { toJSON() { for (;;) {} } }", &["limit:fuel"]),
        attack("throw { get message() { for (;;) {} }, toString() { for (;;) {} } }", &["limit:fuel"]),
        attack("[1, 2].sort(() => { for (;;) {} })", &["limit:fuel"]),
        attack("await parallel({ get length() { for (;;) {} } }).catch(() => {})\n\
                await parallel(new Proxy([], { get() { for (;;) {} } }))", &["limit:fuel"]),
    ]);

    /// A promise that nothing resolves ends the run at once, at the `await` that stands there.
    E13_promises_that_never_resolve: family(vec![
        attack("\nconst never = new Promise(() => {})\n  const x = await never\nreturn x", &["failed:script-stuck"]).at(3, 13),
        attack("\nawait agent('say x')\nawait Promise.all([agent('say y'), new Promise(() => {})])", &["failed:script-stuck"])
            .at(3, 1).calls(2),
        attack("\nawait Promise.race([])", &["failed:script-stuck"]).at(2, 1),
        attack("\nasync function inner() {\n  await new Promise(() => {})\n}\nawait inner()", &["failed:script-stuck"])
            .also(|ended| {
                let detail = &ended.report["error"]["failure"]["detail"];
                let awaits: Vec<u64> = detail["awaits"].as_array().unwrap().iter()
                    .map(|place| place["line"].as_u64().unwrap()).collect();
                assert!(awaits.contains(&3) && awaits.contains(&5), "{detail}");
                assert!(ended.said.stderr.contains("case.js:3:3") || ended.said.stderr.contains("case.js:5:1"),
                        "{}", ended.said.stderr);
            }),
        attack("\nreturn new Promise(() => {})", &["failed:script-stuck"]),
        attack("\nreturn await pipeline([1], () => new Promise(() => {}))", &["failed:script-stuck"]).at(2, 8),
        attack("\nfor await (const x of (async function* () { await new Promise(() => {}) })()) {}", &["failed:script-stuck"]),
        // A timer is something to wait for.
        answered("let resolve\nsetTimeout(() => resolve('fired'), 20)\nreturn await new Promise((r) => { resolve = r })", json!("fired")),
    ]);

    /// Lists beyond the cap are refused before they are walked; others meet the memory.
    E18_huge_lists: family(vec![
        answered("return [(await caught(parallel(new Array(4294967295)))).name, (await caught(pipeline(new Array(4294967295), (x) => x))).name]
                  .map((name) => name !== undefined)", json!([true, true])),
        attack("return new Array(1e8).fill(0).length", &["limit:memory", "limit:fuel"]),
        attack("const all = []\nfor (;;) all.push({ all: [all.length] })", &["limit:memory", "limit:fuel"]),
        attack("const m = new Map()\nfor (let i = 0;; i++) m.set(i, { i })", &["limit:memory", "limit:fuel"]),
        attack("const length = 4294967295\nreturn Array.from({ length }, () => 1).length", &["limit:memory", "limit:fuel"]),
        attack("return { length: 1e9, ...Array(1000).fill('x') }.length", &["done"]),
    ]);

    /// Promises and timers without number meet a limit of their own.
    E19_many_promises: family(vec![
        attack("const all = Array.from({ length: 1_000_000 }, () => new Promise(() => {}))\nawait Promise.all(all)",
               &["limit:memory", "limit:fuel", "failed:script-stuck"]),
        attack("for (;;) new Promise(() => {}).then(() => 1)", &["limit:fuel", "limit:memory"]),
        attack("const all = []\nfor (let i = 0; i < 200; i++) all.push(caught(agent('say x')))\nreturn (await Promise.all(all)).filter((x) => x.value).length",
               &["done"]).flags(&["--limit", "run.tasks=50"])
            .also(|ended| assert!(ended.report["output"].as_u64().unwrap() <= 50)),
        attack("for (let i = 0;; i++) setTimeout(() => {}, 1e6 + i)", &["limit:fuel", "limit:memory", "limit:host-calls", "failed:script-error"])
            .flags(&["--limit", "run.tasks=500"]),
        attack("for (;;) agent('say x').catch(() => {})", &["limit:fuel", "limit:memory", "limit:host-calls"])
            .flags(&["--limit", "run.agents=20"]),
        attack("for (;;) log('x')", &["limit:fuel", "limit:host-calls"]).flags(&["--limit", "workflow.host_calls=20000"]),
        attack("for (let i = 0;; i++) phase('p' + i)", &["limit:fuel", "limit:host-calls"]).flags(&["--limit", "workflow.host_calls=20000"]),
    ]);

    /// Odd delays are delays.
    E20_odd_delays: family(vec![answered(r#"
const fired = []
const delays = [NaN, -5, undefined, null, '7', 1.5, {}, Symbol.iterator]
for (const delay of delays) try { setTimeout(() => fired.push(1), delay) } catch (e) { fired.push(1) }
try { setTimeout(() => fired.push('too early'), Infinity) } catch {}
try { setTimeout(() => fired.push('too early'), 1e18) } catch {}
try { setTimeout(() => fired.push('too early'), 2 ** 31) } catch {}
await new Promise((r) => setTimeout(r, 40))
return fired.length"#, json!(8))]);

    /// Results are JSON of a bounded depth.
    E21_deep_results: family(vec![
        attack("let x = 1\nfor (let i = 0; i < 10000; i++) x = [x]\nreturn x", &["failed:script-result", "limit:stack", "limit:json-depth"]),
        attack("let x = 1\nfor (let i = 0; i < 200000; i++) x = { x }\nreturn x",
               &["failed:script-result", "limit:stack", "limit:memory", "limit:json-depth", "failed:script-error"])
            .flags(&MUCH_FUEL),
        attack("let x = 1\nfor (let i = 0; i < 60; i++) x = [x]\nreturn x", &["done"]),
        attack("let x = 1\nfor (let i = 0; i < 5000; i++) x = [x]\nreturn await caught(agent('say x', { schema: { type: 'object', default: x } }))",
               &["done", "limit:stack"]).flags(&MUCH_FUEL),
        attack("return new Proxy({}, { ownKeys() { throw new Error('no keys') } })", &["failed:script-result", "failed:script-error"]),
        attack("return { toJSON: () => new Promise(() => {}) }", &["done", "failed:script-result"]),
        attack("return JSON.rawJSON ? JSON.rawJSON('{') : 1", &["done", "failed:script-error"]),
        attack("return '\\ud800'", &["done", "failed:script-result"]),
        attack("return { ['\\ud800']: 1, 'a\\u0000b': 2 }", &["done", "failed:script-result"]),
    ]);

    /// Regular expressions that explode meet the fuel.
    E22_regular_expressions: family(vec![
        attack("return /^(a+)+$/.test('a'.repeat(40) + 'b')", &["limit:fuel"]),
        attack("return /^(\\w+\\s?)*$/.test('word '.repeat(20) + '!')", &["limit:fuel"]),
        attack("return new RegExp('(x+x+)+y').exec('x'.repeat(100))", &["limit:fuel"]),
        attack("return new RegExp('('.repeat(100000) + ')'.repeat(100000)).test('')", &["failed:script-error", "limit:stack"]),
        attack("return 'a'.match(new RegExp('a{' + '9'.repeat(50) + '}'))", &["done", "failed:script-error"]),
    ]);

    /// Generators without an end, and numbers without an end, meet the fuel or the memory.
    E23_unending_values: family(vec![
        attack("return [...(function* () { for (;;) yield 1 })()].length", &["limit:fuel", "limit:memory"]),
        attack("let n = 2n\nfor (;;) n = n * n", &["limit:fuel", "limit:memory", "failed:script-error"]),
        attack("return (2n ** 100000000n).toString().length", &["limit:fuel", "limit:memory", "failed:script-error"]),
        attack("return 'x'.padEnd(2 ** 29).length", &["limit:memory", "failed:script-error"]),
        attack("return JSON.parse('['.repeat(1e6))", &["failed:script-error", "limit:stack"]),
        attack("return JSON.stringify(Array(3000).fill(Array(3000).fill(1))).length", &["done", "limit:fuel", "limit:memory"]),
    ]);

    /// Locale-dependent and slow built-ins are bounded like everything else.
    E26_slow_built_ins: family(vec![
        attack("const a = 'a'.repeat(1 << 20)\nfor (;;) a.localeCompare(a + 'b')", &["limit:fuel", "limit:memory"]),
        attack("const a = 'é'.repeat(1 << 20)\nfor (;;) a.normalize('NFD')", &["limit:fuel", "limit:memory"]),
        attack("const a = 'x'.repeat(1 << 20)\nfor (;;) a.indexOf('x'.repeat(1 << 10) + 'y')", &["limit:fuel"]),
        attack("for (;;) structuredClone(Array(1000).fill({}))", &["limit:fuel", "limit:memory"]),
        attack("for (;;) new URL('https://a/' + 'b/../'.repeat(1000))", &["limit:fuel", "limit:memory"]),
        attack("for (;;) btoa('x'.repeat(1 << 20))", &["limit:fuel", "limit:memory"]),
        attack("for (;;) new TextDecoder().decode(new Uint8Array(1 << 20))", &["limit:fuel", "limit:memory"]),
    ]);
}
