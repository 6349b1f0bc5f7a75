// lenient
export const meta = { name: 'demo', description: 'x' }
const out = {}
const t = async (name, f) => { try { const v = await f(); out[name] = v === undefined ? 'undefined' : v } catch (e) { out[name] = `${e.name}|${e.message}` } }
await t('url', () => { const u = new URL('https://us%20er:pa@ex.ämple:8080/a/../b?x=1&y=2#h'); return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, String(u), JSON.stringify(u), u.searchParams.get('y')] })
await t('url2', () => [new URL('../c', 'https://a.b/x/y/z').href, new URL('//q', 'http://w').href, URL.canParse('nope'), URL.parse('nope'), URL.canParse('a:b')])
await t('url3', () => new URL('nope'))
await t('url4', () => { const u = new URL('https://a/b'); u.searchParams.append('k', 'v w'); u.searchParams.append('k', '2'); u.hash = 'z'; u.pathname = '/ü'; u.port = '99999'; u.host = 'c:81'; const h = u.href; u.search = '?q=1'; return [h, u.href, [...u.searchParams], u.searchParams.size, u instanceof URL, Object.prototype.toString.call(u)] })
await t('usp', () => { const p = new URLSearchParams('?a=1&b=2&a=3&c=%20+x'); p.delete('b'); p.set('a', 'z'); p.sort(); return [String(p), p.has('a'), p.has('a', 'q'), p.getAll('c'), [...new URLSearchParams({ x: 1, y: 'ä' })], String(new URLSearchParams([['m', 'n']])), String(new URLSearchParams(p))] })
await t('enc', () => { const e = new TextEncoder(); const b = e.encode('aä€😀'); return [Array.from(b), new TextDecoder().decode(b), e.encodeInto('€uro', new Uint8Array(4)), new TextDecoder('utf-8').decode(new Uint8Array([0xff, 0x61, 0xe2, 0x82])), new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]).buffer), new TextDecoder('utf8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length, new TextDecoder().decode(new DataView(b.buffer, 1, 2))] })
await t('enc2', () => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])))
await t('enc3', () => new TextDecoder('latin1'))
await t('stream', () => { const d = new TextDecoder(); const b = new TextEncoder().encode('x😀€y'); let s = ''; for (const c of b) s += d.decode(new Uint8Array([c]), { stream: true }); s += d.decode(); return s })
await t('b64', () => [btoa('hello'), btoa('\xff\xfe'), btoa(''), atob('aGVsbG8='), atob(' aGVs bG8 '), atob('//4=') === '\xff\xfe', btoa('ab'), atob('YWI')])
await t('b642', () => btoa('€'))
await t('b643', () => atob('a'))
await t('clone', () => { const o = { d: new Date(5), m: new Map([[{ k: 1 }, new Set([1])]]), r: /x/gi, u: undefined, n: null, a: [1, , 3], e: new TypeError('te'), b: new Uint8Array([1, 2]), big: 5n }; o.self = o; const c = structuredClone(o); return [c !== o, c.self === c, c.d.getTime(), c.d instanceof Date, [...c.m.keys()][0], [...[...c.m.values()][0]], String(c.r), 'u' in c, c.a.length, 1 in c.a, c.e instanceof TypeError, c.e.message, c.b instanceof Uint8Array, c.b[1], String(c.big)] })
await t('clone2', () => structuredClone({ f() {} }))
await t('clone3', () => structuredClone(Symbol('x')))
await t('micro', async () => { const o = []; queueMicrotask(() => o.push(1)); Promise.resolve().then(() => o.push(2)); o.push(0); await null; await null; return o })
await t('order', async () => { const o = []; const f = async (n) => { o.push(n + 'a'); await null; o.push(n + 'b'); await Promise.resolve(); o.push(n + 'c') }; await Promise.all([f(1), f(2)]); return o })
await t('forawait', async () => { const o = []; for await (const x of [Promise.resolve(1), 2, agent('ok:3')]) o.push(x); for await (const x of (async function* () { try { yield 'a'; yield 'b' } finally { o.push('fin') } })()) { o.push(x); break } return o })
await t('forawait2', async () => { for await (const x of [1, Promise.reject(new Error('inner'))]) ; })
await t('es', () => [[3, 1, 2].toSorted(), Object.hasOwn({ a: 1 }, 'a'), 'aXbX'.replaceAll('X', '-'), [1, [2, [3]]].flat(2), Object.fromEntries([['a', 1]]), [1, 2].at(-1), Object.groupBy([1, 2, 3], (x) => x % 2 ? 'o' : 'e'), [1, 2, 3].findLast((x) => x < 3), new Set([1, 2]).union?.(new Set([3])).size, Promise.withResolvers !== undefined, Array.fromAsync !== undefined, 'x'.isWellFormed(), Promise.try !== undefined])
await t('settled', async () => [(await Promise.allSettled([agent('ok:1'), agent('refuse:invalid:q:w')])).map((x) => x.status), await Promise.any([Promise.reject(1), agent('ok:any')])])
await t('lenient', () => [Date.now(), new Date().toISOString(), typeof Date(), Math.random(), Math.random(), crypto.randomUUID(), performance.now(), typeof crypto.getRandomValues])
await t('lenient2', async () => { const a = performance.now(); await new Promise((r) => setTimeout(r, 1500)); return [performance.now() - a, new (class D extends Date {})().getTime() - Date.now()] })
label: for (const x of [1, 2]) { for (;;) { await null; continue label } }
const tagged = ((s, ...v) => s.raw.join('|') + v)`a${1}\nb${await agent('ok:tag')}`
out.tagged = tagged
out.opt = args?.foo?.bar ?? 'none'
let z = null; z ??= await agent('ok:zz'); z &&= z + '!'; out.z = z
class K { #p = 1; static s = 2; get p() { return this.#p } async m() { return await agent('ok:m') } }
out.k = [new K().p, K.s, await new K().m()]
const inTemplate = `${await agent('ok:' + `${await agent('ok:n')}`)}`
out.inTemplate = inTemplate
out.awaitchain = (await (await agent('json:{"a":{"b":5}}', { schema: { type: 'object' } })).a).b
return out
