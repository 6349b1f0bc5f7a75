export const meta = { name: 'converge', description: 'Two finders, until two rounds bring nothing new.' }
const BUGS = {
  type: 'object', required: ['bugs'], properties: {
    bugs: { type: 'array', items: { type: 'object', required: ['file', 'what'], properties: {
      file: { type: 'string' }, what: { type: 'string' } } } },
  },
}
const seen = new Set()
let dry = 0
let round = 0
while (dry < 2) {
  round += 1
  const known = [...seen].join('; ')
  const found = await parallel(['front', 'back'].map((side) => () =>
    agent(`Round ${round}: find bugs in the ${side} end. Known: ${known}`, { schema: BUGS })))
  const fresh = found.filter(Boolean).flatMap((one) => one.bugs)
    .map((bug) => `${bug.file}: ${bug.what}`).filter((bug) => !seen.has(bug))
  if (fresh.length === 0) { dry += 1; continue }
  dry = 0
  for (const bug of fresh) seen.add(bug)
}
return [...seen]
