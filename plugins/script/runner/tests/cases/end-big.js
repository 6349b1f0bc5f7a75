export const meta = { name: 'demo', description: 'x' }
return { x: [{ 'a b': 10n }] }
