export const meta = { name: 'panel', description: 'Four approaches, three judges each, one synthesis.' }
const SCORE = {
  type: 'object', required: ['score'], properties: {
    score: { type: 'integer', minimum: 0, maximum: 10 }, why: { type: 'string' } },
}
const approaches = await parallel(['simple', 'fast', 'robust', 'cheap'].map((kind) => () =>
  agent(`Propose the most ${kind} design.`)))
const scores = await parallel(approaches.map((design) => async () => {
  const votes = await parallel(['user', 'operator', 'author'].map((who) => () =>
    agent(`As the ${who}, judge this design: ${design}`, { schema: SCORE })))
  return votes.filter(Boolean).reduce((sum, vote) => sum + vote.score, 0)
}))
const order = scores.map((score, at) => [score, at]).sort((a, b) => b[0] - a[0])
let best = order[0][1]
if (order[0][0] - order[1][0] <= 2) {
  await agent(`Which of two designs is better?\n${approaches[order[0][1]]}\n${approaches[order[1][1]]}`)
}
return await agent(`Write the design: ${approaches[best]}`)
