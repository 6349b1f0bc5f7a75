export const meta = { name: 'demo', description: 'x' }
return new Promise(() => {})
