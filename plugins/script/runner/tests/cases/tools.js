// extensions
export const meta = { name: 'demo', description: 'x', baton: { tools: ['code/*'], exec: ['git log **'] } }
const out = {}
const t = async (name, f) => { try { out[name] = await f() } catch (e) { out[name] = `${e.name}|${e.kind}|${e.code}|${e.tool}|${e.message}` } }
await t('list', () => baton.tools())
await t('plain', () => baton.tool('code/search', { pattern: 'x' }))
await t('nothing', () => baton.tool('code/search'))
await t('options', () => baton.tool('code/search', [1], { label: 'l', phase: 'p', timeoutMs: 1500.7, within: { read: ['src/**'], http: [] } }))
await t('failed', () => baton.tool('code/search', 'fail:failed:no-match:nothing matches:{"a":1}'))
await t('doubt', async () => { try { await baton.tool('github/comment', 'fail:in-doubt:interrupted:interrupted') } catch (e) { return [e.kind === 'in-doubt', e instanceof Error, e.detail, e.task] } })
await t('refused', () => baton.tool('nowhere', 'refuse:not-found:unknown-tool:there is no tool'))
await t('denied', () => baton.tool('code/search', 'refuse:denied:tool-not-granted:not granted'))
await t('budget', () => baton.tool('code/search', 'refuse:budget:budget:none'))
await t('name', () => baton.tool(5))
await t('input', () => baton.tool('a', { f() {} }))
await t('deep', () => baton.tool('a', { x: [1n] }))
await t('option', () => baton.tool('a', {}, { timeout: 1 }))
await t('within', () => baton.tool('a', {}, { within: { tools: ['x'] } }))
await t('within2', () => baton.tool('a', {}, { within: { read: 'x' } }))
await t('timeout', () => baton.tool('a', {}, { timeoutMs: 0 }))
await t('exec', () => baton.exec(['cargo', 'test', '--workspace'], { cwd: 'runtime', stdin: 'in', timeoutMs: 10 }))
await t('argv', () => baton.exec('cargo test'))
await t('argv2', () => baton.exec(['cargo', 5]))
await t('cwd', () => baton.exec(['ls'], { cwd: 5 }))
await t('agent', () => agent('ok:x', { baton: { tools: ['code/*', 'exec'], within: { exec: ['git log *'] } } }))
await t('agent2', () => agent('ok:x', { baton: { tools: 'code/*' } }))
await t('parallel', () => parallel([() => baton.tool('a', 'ok:1'), () => baton.tool('b', 'fail:failed:x:y'), () => baton.exec(['z'])]))
baton.tool('late', 'd=5;ok:1')
return out
