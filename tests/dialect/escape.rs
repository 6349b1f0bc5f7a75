//! Scripts that try to get out of the sandbox, or to break what is around them.

use serde_json::json;

use crate::attack::{answered, attack, family};
use crate::case::{cases, script};

cases! {
    /// Functions made of text are not made, whatever the path to their constructor.
    E01_constructors_of_functions: family(vec![answered(r#"
const paths = [
  () => this.constructor.constructor('return process')(),
  () => globalThis.constructor.constructor('return process')(),
  () => agent.constructor('return process')(),
  () => parallel.constructor.constructor('return process')(),
  () => args.constructor.constructor('return process')(),
  () => [].map.constructor('return this')(),
  () => (async () => {}).constructor('return this')(),
  () => (function* () {}).constructor('return this')().next(),
  () => (async function* () {}).constructor('return this')(),
  () => Object.getPrototypeOf(async () => {}).constructor('return this')(),
  () => Reflect.construct(Function, ['return this'])(),
  () => new (class extends Function {})('return this')(),
  () => console.log.constructor('return this')(),
  () => new Error('x').constructor.constructor('return this')(),
  () => Reflect.getPrototypeOf(budget.spent).constructor('return this')(),
  () => eval('1'), () => (0, eval)('1'), () => [eval][0]('1'), () => eval.call(null, '1'),
]
return paths.map((path) => { try { return String(path()) } catch (e) { return e instanceof Error } })"#,
        json!(vec![true; 19])).flags(&["--input", "{}"])]);

    /// What is returned by the globals leads to no function constructor either.
    E02_values_of_the_host: family(vec![answered(r#"
const values = [await agent('say x'), await agent('json {"a":{}}', { schema: { type: 'object' } }), await parallel([]),
  budget.total, await caught(agent(7)), phase('x'), log('y'), setTimeout(() => {}, 1), agent('say z')]
return values.map((value) => {
  try { return typeof value?.constructor?.constructor?.('return 1')() } catch (e) { return e instanceof Error }
}).map((got) => got === true || got === 'undefined')"#,
        json!(vec![true; 9]))]);

    /// The built-ins can be broken by the script, for the script: calls still do what they say.
    E03_tampering_with_prototypes: family(vec![answered(r#"
const { stringify } = JSON
const seen = []
const spy = (name) => () => { seen[seen.length] = name; throw 'broken ' + name }
const tampered = [
  [Array.prototype, ['map', 'push', 'forEach', 'join', 'slice', 'concat', 'filter', 'indexOf', 'shift', 'pop',
    'some', 'every', 'includes', 'entries', 'keys', 'values', 'splice', Symbol.iterator]],
  [Promise.prototype, ['then', 'catch', 'finally']],
  [Promise, ['all', 'resolve', 'reject', 'race', 'allSettled', 'withResolvers']],
  [Function.prototype, ['call', 'apply', 'bind', Symbol.hasInstance]],
  [Object, ['keys', 'entries', 'assign', 'defineProperty', 'freeze', 'create', 'getOwnPropertyDescriptor',
    'getPrototypeOf', 'fromEntries', 'hasOwn', 'getOwnPropertyNames']],
  [Object.prototype, ['toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf']],
  [Map.prototype, ['get', 'set', 'has', 'delete', 'forEach', Symbol.iterator]],
  [Set.prototype, ['add', 'has', 'delete']], [WeakMap.prototype, ['get', 'set', 'has']],
  [String.prototype, ['slice', 'split', 'replace', 'trim', 'toString', 'valueOf', 'charCodeAt', 'startsWith', 'repeat',
    'substring', 'padStart', 'includes', 'indexOf', 'at', 'codePointAt', Symbol.iterator]],
  [Number.prototype, ['toString', 'valueOf', 'toFixed']], [Number, ['isFinite', 'isInteger', 'isNaN']],
  [Error.prototype, ['toString']], [RegExp.prototype, ['test', 'exec']],
  [JSON, ['stringify', 'parse']], [Reflect, ['apply', 'ownKeys', 'get', 'construct', 'getPrototypeOf']],
  [Math, ['min', 'max', 'floor', 'trunc']], [Array, ['isArray', 'from', 'of']], [Symbol.prototype, ['toString']],
]
const { defineProperty } = Reflect
for (let i = 0; i < tampered.length; i++) for (let j = 0; j < tampered[i][1].length; j++)
  defineProperty(tampered[i][0], tampered[i][1][j], { value: spy(i + ' ' + j), configurable: true, writable: true })
const names = ['Promise', 'Error', 'TypeError', 'RangeError', 'Array', 'Object', 'Map', 'Set', 'String', 'Number', 'Math']
for (let i = 0; i < names.length; i++) try { globalThis[names[i]] = undefined } catch {}
const one = await agent('say one', { label: 'the label' })
const two = await agent('json {"x":[1]}', { schema: { type: 'object', required: ['x'] } })
let three = null
try { await agent(7) } catch (e) { three = e.message }
phase('P')
log('a line')
const four = await agent('say four')
return `${one} ${two.x[0]} ${four} ${typeof three} ${seen.length === 0 ? '' : seen[0]}`"#,
        json!("one 1 four string "))
        .also(|ended| {
            let agents = ended.agents();
            assert_eq!(agents[0]["label"], "the label");
            assert_eq!(agents[2]["phase"], "P");
            assert_eq!(ended.logs(), ["info: a line"]);
        })]);

    /// The same for fan-outs.
    E04_tampering_with_fan_outs: family(vec![answered(r#"
const broken = () => { throw new Error('broken') }
const { defineProperty } = Object
const tampered = [[Array.prototype, ['map', 'push', 'forEach', 'slice', Symbol.iterator]],
  [Promise.prototype, ['then', 'catch']], [Promise, ['all', 'resolve', 'allSettled']], [Function.prototype, ['call', 'apply', 'bind']]]
for (let i = 0; i < tampered.length; i++) for (let j = 0; j < tampered[i][1].length; j++)
  defineProperty(tampered[i][0], tampered[i][1][j], { value: broken, configurable: true, writable: true })
defineProperty(Object.prototype, 'value', { __proto__: null, set: broken, configurable: true })
defineProperty(Object.prototype, 'get', { __proto__: null, value: broken, configurable: true })
const a = await parallel([() => agent('say a'), () => 2])
const b = await pipeline(['x'], (x) => x + 1, (x) => agent(`say ${x}`))
return `${a[0]} ${a[1]} ${a.length} ${b[0]}`"#,
        json!("a 2 2 x1"))]);

    /// An error in a script that broke the built-ins is that script's error.
    E05_errors_after_tampering: family(vec![
        attack("Array.prototype[Symbol.iterator] = () => { throw new Error('broken') }\nconst [a] = [1]", &["failed:script-error"]),
        attack("Error.prototype.toString = String.prototype.split = Array.prototype.join = Array.prototype.push = () => { throw 1 }\n\
                Object.defineProperty(Error.prototype, 'name', { get() { throw 2 } })\nnull.x", &["failed:script-error"]),
        attack("globalThis.Error = globalThis.String = globalThis.JSON = globalThis.Array = undefined\nnull.x", &["failed:script-error"]),
        attack("Promise.prototype.constructor = 'polluted'\nreturn await agent('say x')", &["done", "failed:script-error"]),
        attack("Object.defineProperty(Array.prototype, '0', { get() { throw 1 }, set() { throw 1 } })\nreturn await agent('say x')",
               &["done", "failed:script-error"]),
        attack("JSON.stringify = () => { throw 1 }\nreturn { a: 1 }", &["done"]).done(json!({ "a": 1 })),
        attack("Object.prototype.toJSON = () => 'polluted'\nreturn { a: 1 }", &["done"]),
        attack("Object.prototype.toJSON = () => { throw new Error('mine') }\nreturn await agent('say x', { label: 'l' })",
               &["done", "failed:script-error"]),
        attack("Array.prototype.toJSON = () => { throw new Error('mine') }\nreturn await agent('say x')",
               &["done", "failed:script-error"]),
    ]);

    /// The globals can be hidden and thrown away, by the script and for the script.
    E05_tampering_with_globals: family(vec![
        answered("const ask = agent\ntry { globalThis.agent = () => 'fake' } catch {}\ntry { delete globalThis.log } catch {}\n\
                  try { Object.freeze(globalThis) } catch {}\nreturn await ask('say real')", json!("real")),
        attack("for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch {}\n\
                return typeof agent", &["done"]),
        attack("Object.defineProperty(globalThis, 'agent', { get() { throw new Error('gone') } })\nreturn agent('x')",
               &["failed:script-error"]),
        answered("try { budget.total = 7; budget.spent = () => -1 } catch {}\nreturn [typeof budget.remaining()]",
                 json!(["number"])),
        attack("Object.setPrototypeOf(globalThis, new Proxy({}, { get() { return 1 }, has() { return true } }))\n\
                return await agent('say x')", &["done", "failed:script-error"]),
    ]);

    /// Getters on `args` are the script's own affair.
    E06_getters_on_args: family(vec![
        answered("Object.defineProperty(args, 'x', { get() { return this } })\n\
                  Object.defineProperty(args, 'toString', { value: () => 'own' })\nreturn await agent(`say ${args}`)",
                 json!("own")).flags(&["--input", "{\"x\":1}"]),
        attack("\nObject.defineProperty(args, 'x', { enumerable: true, get() { throw new Error('in the getter') } })\nreturn args",
               &["failed:script-result", "failed:script-error"]).flags(&["--input", "{}"])
            .also(|ended| assert!(ended.report["error"]["message"].as_str().unwrap().contains("in the getter"))),
        attack("Object.defineProperty(args, 'x', { enumerable: true, get() { for (;;) {} } })\nreturn args", &["limit:fuel"])
            .flags(&["--input", "{}"]),
        answered("globalThis.args = 5\nreturn args", json!(5)).flags(&["--input", "{}"]),
    ]);

    /// Proxies in place of prompts, options, lists and functions are used once, or refused.
    E07_proxies: family(vec![answered(r#"
const trapped = []
const proxy = (target) => new Proxy(target, { get(t, k, r) { trapped.push(String(k)); return Reflect.get(t, k, r) },
  ownKeys(t) { trapped.push('keys'); return Reflect.ownKeys(t) } })
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const endless = new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 31 : () => 1 })
const odd = new Proxy([() => 1], { get: (t, k, r) => k === 'length' ? 1.5 : Reflect.get(t, k, r) })
return [
  (await caught(agent(proxy({})))).name,
  await agent('say p', proxy({ label: 'proxied' })),
  (await caught(agent('say x', revoked.proxy))).name,
  await parallel(proxy([() => 1, proxy(() => 2)])),
  typeof (await caught(parallel(endless))).name,
  typeof (await caught(parallel(odd))),
  (await caught(parallel(new Proxy([], { getPrototypeOf() { throw new RangeError('trap') }, get() { throw new RangeError('trap') } })))).name,
  trapped.length < 200,
]"#,
        json!(["TypeError", "p", "TypeError", [1, 2], "string", "object", "RangeError", true]))]);

    /// Thenables are asked once, and cannot settle a slot twice.
    E08_thenables: family(vec![answered(r#"
let asked = 0
const once = { then(resolve) { asked += 1; resolve('first'); resolve('second'); throw new Error('late') } }
const thrower = { get then() { throw new Error('in the getter') } }
const itself = { then(resolve) { resolve(3) } }
return [await parallel([() => once, () => thrower, () => itself, async () => once]), asked,
  await pipeline([once, itself], (x) => x, (x) => x)]"#,
        json!([["first", null, 3, "first"], 2, ["first", 3]]))]);

    /// A thenable that never answers keeps its run as little as a promise does.
    E09_thenables_that_never_answer: family(vec![
        attack("\nreturn await parallel([() => ({ then() {} })])", &["failed:script-stuck"]).at(2, 8),
        attack("\nlet n = 0\nconst again = { then(resolve) { n += 1; resolve(again) } }\nreturn await again", &["limit:fuel", "limit:memory"]),
    ]);

    /// What would tell time, share memory, or be collected is not there.
    E14_side_channels: family(vec![answered(r#"
return [typeof WeakRef, typeof FinalizationRegistry, typeof SharedArrayBuffer, typeof Atomics, typeof performance,
  typeof WebAssembly, typeof Worker, typeof Deno, typeof std, typeof os, typeof bjson, typeof gc, typeof navigator]"#,
        json!(vec!["undefined"; 13]))]);

    /// The caller of a function is not told, and stacks name the script's own lines only.
    E15_callers_and_stacks: family(vec![answered(r#"
const tries = [() => (function () { return arguments.callee })(), () => agent.caller, () => agent.arguments,
  () => (function f() { return f.caller })()]
const got = tries.map((f) => { try { return typeof f() } catch (e) { return e.name } })
let prepared = []
Error.prepareStackTrace = (error, sites) => { prepared = sites; return sites }
const frames = await caught(agent(7))
let inside
try { null.x } catch (e) { inside = e.stack }
const leaked = Array.isArray(prepared) ? prepared.map((s) => { try { return typeof s.getFunction?.() + typeof s.getThis?.() } catch { return '' } }) : []
delete Error.prepareStackTrace
const stack = String(new Error('x').stack)
return [got.every((x) => ['TypeError', 'undefined', 'object'].includes(x)), leaked.some((x) => x.includes('function')),
  /\/home|\/root|\/tmp|\.rs/.test(stack), stack.includes('case.js'), frames.name]"#,
        json!([true, false, false, true, "TypeError"]))]);

    /// `__proto__` in options, schemas and answers is a key like any other.
    E16_proto_keys: family(vec![answered(r#"
const inherited = Object.create({ label: 'inherited', model: 'opus' })
const own = JSON.parse('{"__proto__": {"model": "opus"}, "label": "own"}')
const literal = { __proto__: { model: 'opus' } }
const models = []
for (const options of [inherited, own, literal]) models.push(JSON.parse(await agent('facts', options)).options.model ?? 'none')
const answer = await agent('json {"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', { schema: { type: 'object' } })
return [models, ({}).polluted ?? 'clean', Object.hasOwn(answer, '__proto__'), Object.getPrototypeOf(answer) === Object.prototype]"#,
        json!([["none", "none", "none"], "clean", true, true]))]);

    /// Getters of options are run once each; what they throw is what the call rejects with.
    E17_getters_of_options: family(vec![answered(r#"
let reads = 0
const counting = { get label() { reads += 1; return 'l' + reads }, get phase() { return 'p' } }
const first = await agent('say a', counting)
const thrown = await caught(agent('say b', { get schema() { throw new RangeError('in the getter') } }))
const schema = { type: 'object', get required() { throw new RangeError('in the schema') } }
const deep = await caught(agent('say c', { schema }))
return [first, reads, thrown.name, deep.name !== undefined, (await caught(agent('json {}', { schema: { type: 'object', toJSON: () => 'x' } }))).name !== undefined]"#,
        json!(["a", 1, "RangeError", true, true]))
        .also(|ended| assert_eq!(ended.agents()[0]["label"], "l1"))]);

    /// A thrown value of any kind is an end with words.
    E24_odd_errors: family(vec![
        attack("throw Object.create(null)", &["failed:script-error"]),
        attack("throw Symbol('s')", &["failed:script-error"]),
        attack("throw { get message() { throw 1 }, get name() { throw 2 }, get stack() { throw 3 } }", &["failed:script-error"]),
        attack("throw new Proxy(new Error('x'), { get() { throw new Error('trap') } })", &["failed:script-error"]),
        attack("const e = new Error('x'.repeat(5 << 20))\nthrow e", &["failed:script-error"]),
        attack("const e = new Error('\\u001b[2J\\u202e\\u0000 steer')\ne.name = '\\u001b]0;x\\u0007'\nthrow e", &["failed:script-error"])
            .also(|ended| assert!(!ended.said.stderr.contains('\u{1b}') && !ended.said.stderr.contains('\u{202e}'),
                                  "{:?}", ended.said.stderr)),
        attack("const e = new Error('x')\ne.stack = 'at /etc/passwd:1:1'\nthrow e", &["failed:script-error"]),
        attack("class E extends Error { get [Symbol.toStringTag]() { throw 1 } }\nthrow new E('x')", &["failed:script-error"]),
        attack("throw undefined", &["failed:script-error"]),
        attack("const e = new Error('a')\ne.cause = e\nthrow e", &["failed:script-error"]),
        attack("throw new AggregateError([new Error('one'), 2], 'many')", &["failed:script-error"]),
    ]);

    /// The helper around `await` is no handle for a script.
    E25_the_helper_of_awaits: family(vec![
        answered("return [typeof __await, typeof __await1, typeof arguments === 'undefined' ? 0 : arguments.length]",
                 json!(["undefined", "undefined", 0])),
        answered("const __await = 1, H = 2\nreturn [await __await, await H]", json!([1, 2])),
        answered("return await (async () => { let await_ = 1; return [await await_, await (await 3)] })()", json!([1, 3])),
    ]);

    /// A body that closes what it is wrapped in is no body.
    E25_bodies_that_end_early: script("\n})(); (async function () {\nreturn 1").refused("syntax", (2, 1), &[]);
}
