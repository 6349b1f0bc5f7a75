// extensions
export const meta = { name: 'demo', description: 'x' }
const first = await baton.nextMessage()
const rest = []
for await (const { sender, text } of baton.messages()) {
  rest.push(`${sender}: ${text}`)
  if (rest.length === 2) break
}
const late = baton.nextMessage()
await agent('ok:work')
return { first, rest, late: await Promise.race([late, 'nothing']) }
