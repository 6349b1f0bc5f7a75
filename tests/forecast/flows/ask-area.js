export const meta = { name: 'ask-area', description: 'Questions of an area, answered and merged.' }
const QUESTIONS = {
  type: 'object', required: ['questions'],
  properties: { questions: { type: 'array', items: { type: 'string' } } },
}
const { questions } = await agent(`What is open about ${args.area}?`, { schema: QUESTIONS })
const answers = await parallel(questions.map((question) => () => agent(`Answer: ${question}`)))
return await agent(`Merge the answers about ${args.area}:\n${answers.join('\n')}`)
