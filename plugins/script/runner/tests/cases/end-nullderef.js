export const meta = { name: 'demo', description: 'x' }
const r = await agent('fail:failed:exit-status:broke', { label: 'review auth' })
log('x')
return r.items.map((x) => x)
