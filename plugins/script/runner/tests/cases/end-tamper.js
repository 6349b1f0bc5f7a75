export const meta = { name: 'demo', description: 'x' }
Object.prototype.toJSON = function () { return 'X' }; Array.prototype.push = null; Promise.prototype.then = null; Function.prototype.call = null; Map.prototype.get = null; JSON.stringify = null; Array.prototype[Symbol.iterator] = null; String.prototype.slice = null; RegExp.prototype.test = null
const r = await agent('ok:1'); return r
