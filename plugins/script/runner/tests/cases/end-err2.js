export const meta = { name: 'demo', description: 'x' }
class MyError extends Error { constructor(m) { super(m); this.name = 'MyError' } }
async function inner() { await agent('ok:a', { label: 'alpha' }); throw new MyError('mine') }
await inner()
