export const meta = { name: 'demo', description: 'x' }
return { a: { run() {} } }
