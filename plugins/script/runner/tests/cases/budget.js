// budget_tokens=20 budget_spent=5
export const meta = { name: 'demo', description: 'x' }
const seen = [[budget.total, budget.spent(), budget.remaining()]]
await agent('tok=7;ok:a')
seen.push([budget.spent(), budget.remaining()])
await workflow('child', 'tok=9;ok:b').catch((e) => log(e.name))
await parallel([() => agent('tok=4;ok:c'), () => agent('tok=9;ok:d')])
seen.push([budget.spent(), budget.remaining()])
seen.push(await agent('refuse:budget:budget:used up').catch((e) => [e.name, e.message]))
try { budget.total = 5 } catch (e) { seen.push(e.name) }
return seen
