export const meta = { name: 'demo', description: 'x' }
return { get x() { throw new RangeError('getter') } }
