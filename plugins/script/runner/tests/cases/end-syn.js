export const meta = { name: 'demo', description: 'x' }
return 5 5
