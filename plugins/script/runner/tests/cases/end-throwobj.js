export const meta = { name: 'demo', description: 'x' }
throw { code: 5 }
