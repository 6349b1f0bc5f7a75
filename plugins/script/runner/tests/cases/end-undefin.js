export const meta = { name: 'demo', description: 'x' }
return { a: undefined, b: [undefined, NaN, new Date(0), new Map([[1,2]])] }
