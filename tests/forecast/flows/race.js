export const meta = { name: 'race', description: 'Answers within a minute, and second opinions.' }
const ANSWER = {
  type: 'object', required: ['answer', 'confident'], properties: {
    answer: { type: 'string' }, confident: { type: 'boolean' } },
}
const late = (ms) => new Promise((resolve) => setTimeout(() => resolve(null), ms))
const answers = await parallel(['price', 'date', 'owner', 'scope'].map((topic) => async () => {
  const first = await Promise.race([agent(`What is the ${topic}?`, { schema: ANSWER }), late(60000)])
  if (first && first.confident) return first.answer
  return await agent(`A second opinion: what is the ${topic}?`)
}))
return await agent(`Write the letter: ${answers.join(', ')}`)
