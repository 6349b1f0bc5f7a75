export const meta = { name: 'demo', description: 'x' }
const o = { a: [1, { b: 2 }] }; o.a[1].c = o; return o
