export const meta = { name: 'demo', description: 'x' }
agent<string>('x')
