// extensions
export const meta = { name: 'demo', description: 'x' }
const out = {}
const t = async (name, f) => { try { out[name] = await f() } catch (e) { out[name] = `${e.name}|${e.code}|${e.message}` } }
await t('ver', () => [baton.version, baton.features.length, Object.keys(baton).join()])
await t('text', () => baton.readText('sub/t.txt'))
await t('json', () => baton.readJson('a.json'))
await t('json2', () => baton.readJson('sub/t.txt'))
await t('miss', () => baton.readText('nope'))
await t('bad', () => baton.readText(5))
await t('glob', () => baton.glob('**/*.txt', { hidden: true }))
await t('globbad', () => baton.glob('**', { foo: 1 }))
await t('search', () => baton.search('x', { include: ['*.md'], limit: 5 }))
await t('sleep', async () => { const a = baton.now(); await baton.sleep(3600_000); const b = baton.now(); await baton.sleepUntil(b + 1000); await baton.sleepUntil('1999-01-01'); return [b - a, baton.now() - b] })
await t('rnd', () => [baton.random(), baton.uuid()])
await t('agent', () => baton.agent('tok=3;ok:hi', { label: 'l' }))
await t('agentf', () => baton.agent('fail:failed:exit-status:broke'))
await t('agenti', () => baton.agent('fail:invalid-output:schema:no fit', { schema: { type: 'object' } }))
await t('agentr', () => baton.agent('refuse:budget:budget:none'))
await t('prov', () => agent('ok:x', { baton: { provider: 'component:x', timeoutMs: 1500.7 } }))
await t('prov2', () => agent('ok:x', { baton: { provider: 5 } }))
await t('retry', async () => { let n = 0; const v = await baton.retry((a) => { n++; if (a < 3) throw new Error('no ' + a); return 'got ' + a }, { times: 4, backoffMs: 100 }); return [n, v] })
await t('retry2', () => baton.retry(() => { throw new Error('always') }, { times: 2 }))
await t('limit', async () => { let now = 0, most = 0; const r = await baton.limit(3, Array.from({ length: 10 }, (_, i) => async () => { now++; most = Math.max(most, now); await agent('d=' + (20 - i) + ';ok:' + i); now--; return i })); return [r, most] })
await t('limit2', () => baton.limit(0, []))
await t('D202', async () => {
  const inside = await baton.budget({ agents: 3 }, async () => {
    const rs = []
    for (let i = 0; i < 5; i++) { try { rs.push(await agent('ok:in' + i)) } catch (e) { rs.push(e.name + ': ' + e.message) } }
    return rs
  })
  return [inside, await agent('ok:outside')]
})
await t('budnest', () => baton.budget({ agents: 5 }, async () => {
  const a = baton.budget({ agents: 1 }, async () => { await agent('d=50;ok:a1'); return agent('ok:a2').catch((e) => e.name) })
  const b = (async () => { await agent('ok:b1'); await agent('ok:b2'); return Promise.resolve().then(() => agent('ok:b3')) })()
  const c = await parallel([() => agent('ok:c1'), () => agent('ok:c2')])
  return [await a, await b.catch((e) => e.message), c]
}))
await t('budtok', () => baton.budget({ tokens: 10 }, async () => { await agent('tok=4;ok:1'); await agent('tok=7;ok:1'); return agent('ok:2') }))
await t('budleak', async () => { const p = baton.budget({ agents: 0 }, async () => { await agent('ok:z') }); const r = await agent('ok:free'); return [r, await p.catch((e) => e.name)] })
await t('budbad', () => baton.budget({ usd: 5 }, () => 1))
await t('memo', async () => { let n = 0; const f = () => baton.memo('k', async () => { n++; return agent('ok:memo') }); return [await Promise.all([f(), f()]), await f(), n] })
await t('memo2', async () => { let n = 0; const f = () => baton.memo('k2', () => { n++; if (n === 1) throw new Error('first') ; return n }); return [await f().catch((e) => e.message), await f()] })
await t('art', async () => [await baton.artifact('a.txt', 'téxt'), await baton.artifact('b.json', { a: 1 }), await baton.artifact('c.bin', new Uint8Array([1, 2])), await baton.artifact('d.md', '# x', { mediaType: 'text/markdown' })])
await t('hand', () => baton.handoff({ summary: 'Did things.', evidence: [{ path: 'a', lines: { first: 1, last: 2 }, claim: 'c' }, { path: 'b', claim: 'd' }], followUps: ['more'] }, { type: 'object', required: ['summary'] }))
await t('hand2', () => baton.handoff({ a: '1', b: [1, 1], c: 'abc' }, { type: 'object', properties: { a: { type: 'number' }, b: { uniqueItems: true, items: { $ref: '#/$defs/n' } }, c: { pattern: '^x', maxLength: 2 } }, required: ['z'], additionalProperties: false, $defs: { n: { maximum: 0 } } }))
await t('hand3', () => baton.handoff({ a: 1 }, { anyOf: [{ required: ['a'] }], oneOf: [true, false], not: { required: ['b'] }, if: { required: ['a'] }, then: { minProperties: 1 }, enum: [{ a: 1 }] }))
await t('hand4', () => baton.handoff({ a: 1 }, { $ref: 'http://x' }))
await t('verify', () => baton.verify(4, (i) => i === 3 ? agent('fail:failed:x:y') : agent('json:{"refuted":' + (i === 1) + ',"reason":"r"}', { schema: { type: 'object' } })))
await t('conv', () => baton.converge(5, (n, known) => n === 1 ? [{ a: 1, b: 2 }, 'x'] : n === 2 ? [{ b: 2, a: 1 }, 'y'] : []))
await t('then', async () => { const r = []; await baton.budget({ agents: 1 }, () => Promise.resolve(1).then(async () => { r.push(await agent('ok:t1')); return agent('ok:t2') })).catch((e) => r.push(e.name)); return r })
return out
