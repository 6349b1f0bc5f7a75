export const meta = { name: 'demo', description: 'x' }
return { all: [agent('forgotten')] }
