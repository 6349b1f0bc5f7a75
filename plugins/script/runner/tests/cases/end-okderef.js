export const meta = { name: 'demo', description: 'x' }
const r = await agent('json:{"a":1}', { schema: { type: 'object' }, label: 'q' })
function helper(v) {
  return v.b.c
}
return helper(r)
