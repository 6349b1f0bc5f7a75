export const meta = { name: 'demo', description: 'x' }
throw 'just text'
