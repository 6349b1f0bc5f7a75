export const meta = { name: 'demo', description: 'x' }
return ['\\ud800 \\ud83d\\ude00 \\\\ud800', { '\\udc00k': 1 }]
