export const meta = { name: 'demo', description: 'x' }
const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); Object.defineProperty(e, 'stack', { get() { while (false); throw 2 } }); throw e
