export const meta = { name: 'demo', description: 'x' }
await agent('ok:fine', { label: 'first' })
const second = agent('fail:invalid-output:schema:no answer fitted after 5 tries, the last lacks /a', {
  label: 'second',
  schema: { type: 'object', required: ['a'] },
})
await agent('ok:fine', { label: 'third' })
await second
