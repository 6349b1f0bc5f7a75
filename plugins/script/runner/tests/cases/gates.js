// extensions
export const meta = { name: 'demo', description: 'x' }
const out = {}
const t = async (name, f) => { try { out[name] = await f() } catch (e) { out[name] = `${e.name}|${e.kind}|${e.code}|${e.task}|${e.message}` } }
const yes = 'json:{"approved":true,"choice":"b","data":null,"note":"go","by":"ada","defaulted":false}'
await t('plain', () => baton.gate(yes))
await t('options', () => baton.gate(yes, { choices: ['a', 'b'], schema: { type: 'number' }, details: '# D', deadlineMs: 10.5, default: { approved: false }, label: 'l', phase: 'p' }))
await t('no default', () => baton.gate(yes, { default: false }))
await t('nothing given', () => baton.gate(yes, { choices: null, schema: undefined, label: null }))
await t('late', () => baton.gate('fail:timed-out:gate-deadline:nobody answered'))
await t('refused', () => baton.gate('refuse:invalid:default:`default` names no choice'))
await t('question', () => baton.gate(5))
await t('option', () => baton.gate('x', { deadline: 1 }))
await t('choices', () => baton.gate('x', { choices: 'a' }))
await t('choices2', () => baton.gate('x', { choices: ['a', 1] }))
await t('schema', () => baton.gate('x', { schema: 'string' }))
await t('default', () => baton.gate('x', { default: { f() {} } }))
await t('deadline', () => baton.gate('x', { deadlineMs: '1h' }))
await t('together', () => parallel([() => baton.gate(`d=5;${yes}`), () => agent('ok:work'), () => baton.gate(`d=1;${yes}`)]))
await t('race', async () => (await Promise.race([baton.gate(`d=50;${yes}`, { label: 'slow' }), agent('ok:first')])))
return out
