export const meta = { name: 'demo', description: 'x' }
log('x')
