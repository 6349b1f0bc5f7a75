export const meta = { name: 'demo', description: 'x' }
await agent('ok:fine', { label: 'first' })
const second = agent('fail:invalid-output:schema:the output does not fit its schema', {
  label: 'second',
  schema: { type: 'object', required: ['a'] },
})
await agent('ok:fine', { label: 'third' })
await second
