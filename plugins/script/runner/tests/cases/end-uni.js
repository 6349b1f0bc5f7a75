export const meta = { name: 'demo', description: 'x' }
const s = 'äöü😀'; null.x
