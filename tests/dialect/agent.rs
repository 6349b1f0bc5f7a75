//! `agent()`: its value, its options, and what becomes of an agent that has none.

use serde_json::{Value, json};

use crate::case::{Case, cases, script, spawned, steps, text};
use crate::place::{Place, WORKER};

/// A number and nothing else, in an object.
const NUMBER: &str = "{ type: 'object', properties: { x: { type: 'number' } }, required: ['x'] }";

/// A script in which `NUMBER` is that schema.
fn with_number(body: &str) -> Case {
    script(&format!("const NUMBER = {NUMBER}\n{body}"))
}

const CRITIC: &str = "---\nname: critic\ndescription: Finds faults.\nmodel: opus\neffort: low\n---\n\
                      You find faults.\n";

fn attempts(place: &Place, run: &str) -> Vec<u64> {
    place.tree(run).iter().map(|task| task["attempts"].as_u64().unwrap()).collect()
}

cases! {
    /// Without a schema the value is the final text, byte for byte.
    D34_text_unchanged: vec![
        script(r#"
const text = '  {"a": 1}\r\n\t\u0000\u001b[31m é\u0301 \u{1F600} \u2028 "quoted" \\ \n\n'
const got = await agent('say ' + text)
return [got === text, got.length === text.length, typeof got]"#)
            .done(json!([true, true, "string"])),
        script("return (await agent('big 1000000')).length").done(json!(1_000_000)),
    ];

    /// The value of `agent()` is a promise.
    D35_real_promises: script(r#"
const p = agent('say a')
const real = [p instanceof Promise, Object.prototype.toString.call(p), p.constructor === Promise]
const chained = await p.then((text) => text + '!').finally(() => {})
const all = await Promise.all([agent('say b'), 'c', agent('say d')])
const race = await Promise.race([agent('say e'), new Promise(() => {})])
const any = await Promise.any([Promise.reject(1), agent('say f')])
const settled = await Promise.allSettled([agent('say g')])
return [real, chained, all, race, any, settled]"#)
        .done(json!([
            [true, "[object Promise]", true], "a!", ["b", "c", "d"], "e", "f",
            [{ "status": "fulfilled", "value": "g" }],
        ]))
        .calls(6);

    /// No options, `undefined`, `null` and options that are `undefined` are the same.
    D36_no_options: script(r#"
const all = [undefined, null, {}, { schema: undefined, model: undefined, agentType: undefined,
  isolation: undefined, effort: undefined, label: undefined, phase: undefined, stallMs: undefined }]
const values = [await agent('say a')]
for (const options of all) values.push(await agent('say a', options))
return values"#)
        .done(json!(["a", "a", "a", "a", "a"]))
        .also(|ended| {
            let mut digests: Vec<_> = ended.asked().iter().map(|a| a["digest"].clone()).collect();
            digests.dedup();
            assert_eq!(digests.len(), 1, "one request five times");
        });

    /// An unknown option is ignored, and the request is the same.
    D37_unknown_options: script(r#"
class Options { constructor() { this.label = 'own' } get phase() { return 'inherited' } }
return [
  await agent('say a', { label: 'own' }),
  await agent('say a', { label: 'own', _predispatch: true, tools: ['x'], [Symbol('s')]: 1, then: 3 }),
  await agent('say a', new Options()),
]"#)
        .done(json!(["a", "a", "a"]))
        .also(|ended| {
            let mut digests: Vec<_> = ended.asked().iter().map(|a| a["digest"].clone()).collect();
            digests.dedup();
            assert_eq!(digests.len(), 1, "one request three times: own properties count");
        });

    /// A prompt that is no string is rejected with a `TypeError` that names its type.
    D38_prompt_types: script(r#"
const all = [42, undefined, null, { a: 1 }, ['x'], () => 'x', true, Symbol('s'), 7n, new String('x')]
const promises = all.map((prompt) => agent(prompt))
return await Promise.all(promises.map(caught))"#)
        .caught("/0", "TypeError", &["agent", "string", "number"])
        .caught("/1", "TypeError", &["undefined"])
        .caught("/2", "TypeError", &["null"])
        .caught("/3", "TypeError", &["object"])
        .caught("/4", "TypeError", &["array|object"])
        .caught("/5", "TypeError", &["function"])
        .caught("/6", "TypeError", &["boolean"])
        .caught("/7", "TypeError", &["symbol"])
        .caught("/8", "TypeError", &["bigint"])
        .caught("/9", "TypeError", &["object"])
        .calls(0);

    /// Options of the wrong kind are rejected with a `TypeError`.
    D38_option_types: script(r#"
const all = ['opts', 7, { model: 1 }, { agentType: [] }]
return await Promise.all(all.map((options) => caught(agent('say a', options))))"#)
        .caught("/0", "TypeError", &["options|opts"])
        .caught("/1", "TypeError", &["options|opts"])
        .caught("/2", "TypeError", &["model"])
        .caught("/3", "TypeError", &["agentType"])
        .calls(0);

    /// Without `label` people see the start of the prompt, at most 60 characters of it.
    D39_default_label: script(r#"
await agent('short')
await agent('é'.repeat(100))
await agent('with a label', { label: 'mine' })"#)
        .also(|ended| {
            let labels: Vec<String> =
                ended.agents().iter().map(|a| a["label"].as_str().unwrap().to_owned()).collect();
            assert_eq!((labels[0].as_str(), labels[2].as_str()), ("short", "mine"));
            let start = labels[1].trim_end_matches('…');
            assert!("é".repeat(100).starts_with(start), "{labels:?}");
            assert!((50..=60).contains(&labels[1].chars().count()), "{labels:?}");
        });

    /// `opts.phase` beats `phase()`.
    D40_phase_of_a_call: script(r#"
phase('A')
await agent('say 1', { phase: 'B' })
await agent('say 2')"#)
        .also(|ended| assert_eq!(phases(&ended.agents()), ["B", "A"]));

    /// `opts.phase` with a title that nobody declared makes a group.
    D41_phase_undeclared: script(r#"
await Promise.all([1, 2].map((i) => agent('say x', { phase: `Round ${i}` })))
await agent('say y')"#)
        .also(|ended| {
            let agents = ended.agents();
            assert_eq!(phases(&agents), ["Round 1", "Round 2", ""]);
        });

    /// With a schema the value is an object that fits it.
    D42_object: with_number(r#"
const got = await agent('json {"x": 1.5, "more": [null, "é"]}', { schema: NUMBER })
got.own = true
return [got, Array.isArray(got.more), Object.getPrototypeOf(got) === Object.prototype]"#)
        .done(json!([{ "x": 1.5, "more": [null, "é"], "own": true }, true, true]));

    /// An answer that does not fit goes back as feedback, at most as often as is set.
    D43_feedback: vec![
        with_number(r#"return await agent('tries {"x":"no"} | {"x":1}', { schema: NUMBER })"#)
            .done(json!({ "x": 1 })).calls(1)
            .also(|ended| assert_eq!(attempts(ended.place, ended.run()), [2])),
        with_number(r#"
return await caught(agent('tries {} | {"x":"no"} | {"x":1}', { schema: NUMBER }))"#)
            .flags(&["--schema-attempts", "2"])
            .caught("", "WorkflowSchemaError", &["2", "x"]).calls(1)
            .also(|ended| assert_eq!(attempts(ended.place, ended.run()), [2])),
        script(r#"
const schema = { type: 'object', properties: { corrections: { type: 'array', minItems: 1 } } }
const { attempt, corrections } = await agent('facts', { schema })
return [attempt, corrections.length > 0, corrections.join().length > 5]"#)
            .done(json!([2, true, true])),
    ];

    /// Five tries are made where nothing else is set.
    D44_five_tries: with_number(r#"return await caught(agent('json {"x":"no"}', { schema: NUMBER }))"#)
        .caught("", "WorkflowSchemaError", &["5"]).calls(1).failed_tasks(1)
        .also(|ended| assert_eq!(attempts(ended.place, ended.run()), [5]));

    /// When the tries are used up, the call rejects with the last error and their number.
    D45_tries_used_up: with_number(r#"
return await caught(agent('tries {} | {"x":"a"} | {"x":true}', { schema: NUMBER }))"#)
        .caught("", "WorkflowSchemaError", &["5", "true", "number"]);

    /// A schema that nothing satisfies, or without an object at the top, starts no agent.
    D47_impossible_schemas: script(r#"
const all = [
  { type: 'array' },
  { type: 'string' },
  { type: 'object', properties: {}, additionalProperties: false, required: ['a'] },
  { type: 'object', properties: { a: false }, required: ['a'] },
  { type: 'object', properties: { a: { type: 'nothing' } } },
  { type: 'object', properties: { a: { enum: [] } }, required: ['a'] },
  'object',
  true,
  [],
]
return await Promise.all(all.map((schema) => caught(agent('json {}', { schema }))))"#)
        .caught("/0", "WorkflowSchemaError", &["object", "array"])
        .caught("/1", "WorkflowSchemaError", &["object", "string"])
        .caught("/2", "WorkflowSchemaError", &["a"])
        .caught("/3", "WorkflowSchemaError", &["a"])
        .caught("/4", "WorkflowSchemaError", &["nothing"])
        .caught("/5", "WorkflowSchemaError", &["a"])
        .caught("/6", "WorkflowSchemaError|TypeError", &["object"])
        .caught("/7", "WorkflowSchemaError|TypeError", &["object"])
        .caught("/8", "WorkflowSchemaError|TypeError", &["object"])
        .calls(0);

    /// Nothing is coerced, no default is added, further properties stay.
    D48_no_repairs: with_number(r#"
const schema = { ...NUMBER, properties: { ...NUMBER.properties, y: { default: 3 } } }
const strict = { ...NUMBER, additionalProperties: false }
return [
  (await caught(agent('json {"x":"1"}', { schema }))).name,
  await agent('json {"x":1,"z":{"deep":[]}}', { schema }),
  (await caught(agent('json {"x":1,"z":2}', { schema: strict }))).name,
  await agent('json {"a":1,"x":1}', { schema: { type: 'object', unheardOf: 1 } }),
]"#)
        .done(json!([
            "WorkflowSchemaError", { "x": 1, "z": { "deep": [] } }, "WorkflowSchemaError",
            { "a": 1, "x": 1 },
        ]));

    /// A value is the script's own: changing it changes neither the journal nor another reader's.
    D50_own_copies: with_number(r#"
const ask = () => agent('json {"x":1,"list":[1]}', { schema: NUMBER })
const a = await ask()
a.x = 9
a.list.push(2)
const b = await ask()
return [a, b]"#)
        .done(json!([{ "x": 9, "list": [1, 2] }, { "x": 1, "list": [1] }]))
        .also(|ended| {
            let completed: Vec<Value> = ended.journal().into_iter()
                .filter(|record| record["kind"] == "completed")
                .map(|record| record["body"]["outcome"]["done"]["output"].clone()).collect();
            assert_eq!(completed, vec![json!({ "x": 1, "list": [1] }); 2]);
        });

    /// No `model` and `'inherit'` are the default of the run.
    D51_default_model: script(r#"
const model = async (options) => JSON.parse(await agent('facts', options)).options.model ?? 'none'
return [await model(), await model({ model: 'inherit' }), await model({ model: 'opus' })]"#)
        .done(json!(["none", "none", "opus"]));

    /// The model of a call beats that of its agent type.
    D52_model_order: script(r#"
const model = async (options) => JSON.parse(await agent('facts', options)).options.model ?? 'none'
return [
  await model({ agentType: 'critic' }),
  await model({ agentType: 'critic', model: 'haiku' }),
  await model({ agentType: 'critic', model: 'inherit' }),
]"#)
        .with(".claude/agents/critic.md", CRITIC)
        .also(|ended| {
            let models = &ended.report["output"];
            assert_eq!((&models[0], &models[1]), (&json!("opus"), &json!("haiku")));
        });

    /// `effort` is one of five words; another is left out with a warning.
    D54_effort: script(r#"
const effort = async (word) => JSON.parse(await agent('facts', { effort: word })).options.effort ?? 'none'
const all = []
for (const word of ['low', 'medium', 'high', 'xhigh', 'max', 'extreme', 'LOW']) all.push(await effort(word))
return all"#)
        .done(json!(["low", "medium", "high", "xhigh", "max", "none", "none"]))
        .log_says("warn", &["effort", "extreme"])
        .log_says("warn", &["effort", "LOW"]);

    /// An agent type gives its prompt and model, with a schema as well.
    D62_agent_types: script(r#"
const plain = JSON.parse(await agent('facts', { agentType: 'critic' })).options
const schema = { type: 'object', required: ['options'] }
const object = (await agent('facts', { agentType: 'critic', schema })).options
return [plain, object].map((o) => [o.agent_type, o.system.trim(), o.model, o.effort])"#)
        .with(".claude/agents/critic.md", CRITIC)
        .done(json!([
            ["critic", "You find faults.", "opus", "low"],
            ["critic", "You find faults.", "opus", "low"],
        ]));

    /// An unknown agent type rejects and names those there are.
    D63_unknown_agent_type: script("return await caught(agent('say a', { agentType: 'critik' }))")
        .with(".claude/agents/critic.md", CRITIC)
        .caught("", "WorkflowAgentTypeError", &["critik", "Explore", "general-purpose"])
        .calls(0);

    /// An unknown agent type rejects and names those of the project.
    D63_known_names: script(r#"
const kind = ['critic'].map((name) => name + 'x')[0]
return await caught(agent('say a', { agentType: kind }))"#)
        .with(".claude/agents/critic.md", CRITIC)
        .caught("", "WorkflowAgentTypeError", &["`criticx`", "critic,|critic`|critic"])
        .also(|ended| {
            let message = ended.report["output"]["message"].as_str().unwrap();
            assert!(message.replace("criticx", "").contains("critic"), "{message}");
        });

    /// An agent that a person stops is `null`.
    D66_stopped_agent: steps(|place| {
        place.write("case.js", text(
            "return await Promise.all([agent('hold a'), agent('hold b').then((v) => [v])])",
        ));
        let mut run = place.start(&["run", "case.js", "--agent", WORKER, "--yes", "--json"]);
        run.until(|| place.calls().len() == 2);
        let id = place.runs()[0].clone();
        let said = place.say(&["cancel", &format!("{id}/1")]);
        assert_eq!(said.exit, 0, "{said:?}");
        run.until(|| place.tree(&id)[0]["state"] == "cancelled");
        place.open("b");
        let report = run.end().report();
        assert_eq!(report["output"], json!([null, ["hold b"]]), "{report}");
    });

    /// A provider's error is `null`, and its text is nowhere in the value.
    D67_errors_are_null: vec![
        script("return [await agent('fail provider-error', { label: 'worst' })]")
            .done(json!([null])).failed_tasks(1)
            .log_says("warn", &["worst", "provider-error|words of a provider"])
            .also(|ended| assert_eq!(ended.agents()[0]["failure"]["code"], "provider-error")),
        script("const r = await agent('crash now')\nreturn [r, String(r), r === null]").worker()
            .done(json!([null, "null", true])).failed_tasks(1)
            .also(|ended| assert_eq!(ended.agents()[0]["failure"]["code"], "exit-status")),
        script("return [await agent('fail x', { schema: { type: 'object' } })]")
            .done(json!([null])),
        script("return [await agent('spin')]").flags(&["--limit", "agent.fuel=20000000"])
            .done(json!([null])).failed_tasks(1)
            .also(|ended| assert_eq!(ended.agents()[0]["failure"]["code"], "fuel")),
    ];

    /// An agent whose time was over rejects, and says so.
    D129_time_over: script("return await caught(agent('late'))")
        .caught("", "WorkflowStallError", &["time|late"]).failed_tasks(1);

    /// An empty text is `null`, and a failure.
    D68_empty_text: vec![
        script("return [await agent('empty'), await agent('say x')]").done(json!([null, "x"]))
            .failed_tasks(1)
            .also(|ended| {
                let agents = ended.agents();
                assert_eq!((&agents[0]["state"], &agents[1]["state"]), (&json!("failed"), &json!("done")));
                assert_eq!(agents[0]["failure"]["code"], "empty-output");
            }),
    ];

    /// A call is recorded before anything can be seen of it, in the order of the calls.
    D35_calls_are_made_at_once: script(r#"
const first = agent('say 1')
const second = agent('say 2')
log('asked')
return [await second, await first]"#)
        .done(json!(["2", "1"]))
        .also(|ended| {
            let journal = ended.journal();
            let kinds: Vec<&str> = journal.iter().map(|r| r["kind"].as_str().unwrap())
                .filter(|kind| ["spawned", "reported"].contains(kind)).collect();
            assert_eq!(kinds, ["spawned", "spawned", "reported"]);
            let prompts: Vec<Value> = spawned(&journal).iter()
                .map(|body| body["work"]["agent"]["spec"]["prompt"].clone()).collect();
            assert_eq!(prompts, ["say 1", "say 2"]);
        });
}

fn phases(agents: &[Value]) -> Vec<String> {
    agents.iter().map(|agent| agent["phase"].as_str().unwrap_or_default().to_owned()).collect()
}
