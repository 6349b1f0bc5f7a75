export const meta = { name: 'demo', description: 'x' }
const a = await agent('ok:a')
const p = new Promise(() => {})
await Promise.all([
  (async () => { await p })(),
  p,
])
