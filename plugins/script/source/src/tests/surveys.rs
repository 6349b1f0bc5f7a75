use serde_json::{Value, json};

use super::{inspected, told};

/// A list of the inspection of `body`, as JSON.
fn list(body: &str, name: &str) -> Value {
    let inspection = inspected(body);
    assert_eq!(told(&inspection.errors), "", "{body}");
    serde_json::to_value(inspection).unwrap()[name].take()
}

/// The same as `name line:column`.
fn places(body: &str, name: &str) -> String {
    let place =
        |it: &Value| format!("{} {}:{}", it["name"].as_str().unwrap(), it["line"], it["column"]);
    list(body, name).as_array().unwrap().iter().map(place).collect::<Vec<_>>().join(", ")
}

#[test]
fn workflows() {
    let cases = [
        ("await workflow('a')", json!([{"name": "a", "line": 2, "column": 7}])),
        ("workflow(`a`, args)", json!([{"name": "a", "line": 2, "column": 1}])),
        (
            "workflow({ scriptPath: './b.js' })",
            json!([{"script_path": "./b.js", "line": 2, "column": 1}]),
        ),
        ("workflow({ scriptPath: p })", json!([{"line": 2, "column": 1}])),
        ("workflow(name)", json!([{"line": 2, "column": 1}])),
        ("workflow()", json!([{"line": 2, "column": 1}])),
        (
            "workflow(x ? 'c' : y)",
            json!([{"name": "c", "line": 2, "column": 1}, {"line": 2, "column": 1}]),
        ),
        ("{ const workflow = f; workflow('n') }", json!([])),
        ("log(\"workflow('a')\") // workflow('a')", json!([])),
    ];
    for (body, expected) in cases {
        assert_eq!(list(body, "workflows"), expected, "{body}");
    }
}

#[test]
fn agent_types() {
    let cases = [
        ("agent('x', { agentType: 'r' })", "r 2:25"),
        ("agent('x', { 'agentType': `r` })", "r 2:27"),
        ("agent('x', { agentType: c ? 'k' : 'l' })", "k 2:29, l 2:35"),
        ("agent('x', { agentType: t ?? 'k' })", "k 2:30"),
        ("const o = { agentType: 'r' }\nagent('x', o); agent('y', { ...o })", "r 2:24"),
        ("const o = { agentType: 'r' }\nagent('x', { ...o, agentType: 's' })", "r 2:24, s 3:31"),
        ("baton.agent('x', { agentType: 'r' })", "r 2:31"),
        ("let o = { agentType: 'r' }; agent('x', o)", ""),
        ("agent('x', { agentType: name })", ""),
        ("agent('x', { ['agentType']: 'r' })", ""),
        ("f('x', { agentType: 'r' })", ""),
        ("function f(agent) { agent('x', { agentType: 'r' }) }", ""),
    ];
    for (body, expected) in cases {
        assert_eq!(places(body, "agent_types"), expected, "{body}");
    }
}

#[test]
fn d204_extensions() {
    let cases = [
        ("if (typeof baton !== 'undefined') {}", ""),
        ("typeof globalThis.baton", ""),
        ("baton.readText('x')", "baton.readText 2:1"),
        ("baton?.glob('y')", "baton.glob 2:1"),
        (";(baton)['gate']()", "baton.gate 2:3"),
        ("typeof baton.exec", "baton.exec 2:8"),
        ("baton[k]()", "baton 2:1"),
        ("f(baton)", "baton 2:3"),
        ("const { gate, now: n, ...r } = baton", "baton.gate 2:9, baton.now 2:15, baton 2:23"),
        ("const b = baton", "baton 2:11"),
        ("globalThis.baton.memo()", "baton.memo 2:1"),
        ("globalThis['baton']", "baton 2:1"),
        ("{ const baton = {}; baton.exec() }", ""),
        ("x.baton.exec()", ""),
        (
            "agent('x', { baton: { provider: 'c', timeoutMs: 3 } })",
            "opts.baton.provider 2:23, opts.baton.timeoutMs 2:38",
        ),
        ("agent('x', { baton: o })", "opts.baton 2:14"),
        ("const b = { tier: 'small' }\nagent('x', { baton: b })", "opts.baton.tier 2:13"),
        ("f('x', { baton: { provider: 'c' } })", ""),
    ];
    for (body, expected) in cases {
        assert_eq!(places(body, "extensions"), expected, "{body}");
    }
}

#[test]
fn tools() {
    let cases = [
        (
            "await baton.tool('code/search', {})",
            json!([{"name": "code/search", "line": 2, "column": 7}]),
        ),
        (
            "baton.tool(x ? 'a' : y)",
            json!([{"name": "a", "line": 2, "column": 1}, {"line": 2, "column": 1}]),
        ),
        ("baton.tool()", json!([{"line": 2, "column": 1}])),
        (
            "baton.exec(['git', `log`])",
            json!([{"name": "exec", "argv": ["git", "log"], "whole": true, "line": 2, "column": 1}]),
        ),
        (
            "baton?.exec(['git', x, 'log'])",
            json!([{"name": "exec", "argv": ["git"], "line": 2, "column": 1}]),
        ),
        (
            "baton.exec(['git', ...args])",
            json!([{"name": "exec", "argv": ["git"], "line": 2, "column": 1}]),
        ),
        ("baton.exec(argv)", json!([{"name": "exec", "line": 2, "column": 1}])),
        (
            "agent('x', { baton: { ladder: { rungs: ['s', 'l'], check: { tool: 'a/b' } } } })",
            json!([{"name": "a/b", "line": 2, "column": 61}]),
        ),
        (
            "agent('x', { baton: { tools: ['code/*', t] } })",
            json!([{"name": "code/*", "line": 2, "column": 31}, {"line": 2, "column": 41}]),
        ),
        ("{ const baton = {}; baton.exec(['x']) }", json!([])),
        ("x.tool('a')", json!([])),
    ];
    for (body, expected) in cases {
        assert_eq!(list(body, "tools"), expected, "{body}");
    }
}

#[test]
fn portability() {
    let cases = [
        ("console.log(new URL('x'))", "console 2:1, URL 2:17"),
        ("setTimeout(f, 1)", "setTimeout 2:1"),
        ("const t = { structuredClone, atob }", "structuredClone 2:13, atob 2:30"),
        ("if (typeof URL === 'function') {}", ""),
        ("function g(URL) { return new URL('x') }", ""),
        ("x.URL; ({ URL: 1 })", ""),
        ("Promise.all(Object.keys(Math))", ""),
    ];
    for (body, expected) in cases {
        assert_eq!(places(body, "portability"), expected, "{body}");
    }
    assert_eq!(
        list("URL", "portability")[0]["message"],
        "other runtimes of this dialect may lack `URL`: guard it with `typeof URL`"
    );
}

#[test]
fn models_of_agents() {
    let cases = [
        ("agent('x', { model: 'haiku' })", json!(["haiku", null, null])),
        ("agent('x', { baton: { tier: `small` } })", json!([null, "small", null])),
        ("agent('x', { baton: { tier } })", json!([null, null, null])),
        ("agent('x', { baton: { ladder: ['a', b, 'c'] } })", json!([null, null, ["a", "c"]])),
        (
            "const l = { rungs: ['a', 'b'], check: c }\nagent('x', { baton: { ladder: l } })",
            json!([null, null, ["a", "b"]]),
        ),
        ("agent('x', { baton: { ladder: f() } })", json!([null, null, null])),
    ];
    for (body, expected) in cases {
        let found = list(body, "agents");
        let used = &found[0];
        assert_eq!(json!([used["model"], used["tier"], used["ladder"]]), expected, "{body}");
    }
}

#[test]
fn agents() {
    let cases = [
        ("await agent('x')", json!([[7, false]])),
        ("const a = await agent('x'), b = agent('y')", json!([[17, false], [33, false]])),
        ("if (a) { try { agent('x') } finally {} }", json!([[16, false]])),
        ("for (const x of await agent('x')) {}", json!([[23, false]])),
        ("for (const x of y) agent('x')", json!([[20, true]])),
        ("for (const x in y) agent('x')", json!([[20, true]])),
        ("for (let i = agent('x'); i < n; i++) {}", json!([[14, false]])),
        ("for (;;) agent('x')", json!([[10, true]])),
        ("while (await agent('x')) {}", json!([[14, true]])),
        ("do agent('x'); while (a)", json!([[4, true]])),
        ("xs.map((x) => agent(x))", json!([[15, true]])),
        ("async function f() { await agent('x') }", json!([[28, true]])),
        ("class A { m() { agent('x') } }", json!([[17, true]])),
        (
            "parallel([() => agent('x'), async () => { await agent('y') }])",
            json!([[17, false], [49, false]]),
        ),
        ("f([() => agent('x')])", json!([[10, true]])),
        ("xs.map(() => parallel([() => agent('x')]))", json!([[30, true]])),
        ("baton.agent('x')", json!([[1, false]])),
    ];
    for (body, expected) in cases {
        let found: Vec<Value> = list(body, "agents")
            .as_array()
            .unwrap()
            .iter()
            .map(|it| json!([it["column"], it["repeated"]]))
            .collect();
        assert_eq!(Value::Array(found), expected, "{body}");
    }
    assert_eq!(
        list(
            "const o = { model: 'm', label: 'k' }\nagent('x', { ...o, label: `l` }); agent('y', { label: f() })",
            "agents"
        ),
        json!([
            {"line": 3, "column": 1, "label": "l", "model": "m", "repeated": false},
            {"line": 3, "column": 35, "repeated": false},
        ])
    );
}

#[test]
fn traps() {
    const CALLS: &str =
        "parallel-calls `parallel` is given a running agent where it takes a function";
    const STACK: &str = "error-stack the stack of an error goes into a text";
    let cases = [
        ("T17 calls", "parallel([agent('a'), agent('b')])", format!("2:11 {CALLS}")),
        (
            "T17 among functions",
            "parallel([() => agent('a'), agent('b')])",
            format!("2:29 {CALLS}"),
        ),
        ("T17 map", "parallel(xs.map((x) => agent(x)))", format!("2:24 {CALLS}")),
        ("T17 functions", "parallel(xs.map((x) => () => agent(x)))", String::new()),
        ("T17 elsewhere", "Promise.all([agent('a')])", String::new()),
        ("T18", "xs.filter(Boolean)", String::new()),
        ("T20 in a prompt", "try {} catch (x) { agent(`${x.stack}`) }", format!("2:29 {STACK}")),
        ("T20 joined", "agent('a' + err.stack)", format!("2:13 {STACK}")),
        ("T20 in a text", "const p = `${lastError.stack}`", format!("2:14 {STACK}")),
        ("T20 in the log", "log(`${err.stack}`); console.log(`${e.stack}`)", String::new()),
        ("T20 another stack", "agent(`${args.stack}`)", String::new()),
        ("T20 no text", "throw err.stack", String::new()),
    ];
    for (name, body, expected) in cases {
        let inspection = inspected(body);
        assert_eq!(told(&inspection.errors), "", "{name}");
        assert_eq!(told(&inspection.warnings), expected, "{name}");
    }
}
