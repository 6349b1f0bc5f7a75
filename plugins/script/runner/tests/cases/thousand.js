export const meta = { name: 'demo', description: 'x' }
const r = await parallel(Array.from({ length: 1000 }, (_, i) => () => agent('review ' + i)))
return r.length
