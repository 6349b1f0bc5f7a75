// nesting=2
export const meta = { name: 'demo', description: 'x' }
function made() {
  return new Error('here')
}
const out = {}
out.made = made().stack
out.mapped = [1].map(() => made().stack)[0]
out.awaited = (await agent('ok:x'), made().stack)
try { await agent(5) } catch (e) { out.argument = e.stack }
try { await agent('fail:timed-out:deadline:too slow') } catch (e) { out.late = e.stack }
try { null.x } catch (e) { out.native = e.stack }
const holder = {}
Error.captureStackTrace(holder)
out.captured = holder.stack
const own = new Error('own')
own.stack = 'written'
out.own = own.stack
out.cloned = structuredClone(made()).stack
out.none = [Object.create(Error.prototype).stack, Error.prototype.stack]
const failing = 'fail:failed:script-error:boom:{"name":"TypeError","message":"boom","path":"sub.js","line":7,"column":3}'
await parallel([() => workflow('sub', failing)])
log(out)
await workflow('sub', failing)
