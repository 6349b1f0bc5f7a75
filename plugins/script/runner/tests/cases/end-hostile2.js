export const meta = { name: 'demo', description: 'x' }
throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 }, getPrototypeOf() { throw 3 } })
