export const meta = { name: 'demo', description: 'x' }
return { toJSON() { return { n: 1n } } }
