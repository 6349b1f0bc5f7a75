export const meta = { name: 'demo', description: 'x' }
async function* g() { yield 1; await new Promise(() => {}) }
for await (const x of g()) log(x)
