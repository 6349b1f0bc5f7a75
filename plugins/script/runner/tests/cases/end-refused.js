export const meta = { name: 'demo', description: 'x' }
import('x')
const x: number = 5
