export const meta = {
  name: 'fan-out', description: 'Six reviewers, one summary.',
  phases: [{ title: 'Review' }, { title: 'Summary' }],
}
const CONCERNS = ['correctness', 'security', 'performance', 'naming', 'tests', 'documentation']
phase('Review')
const notes = await parallel(CONCERNS.map((concern) => () =>
  agent(`Review the change for ${concern}.`, { label: concern })))
phase('Summary')
return await agent(`Summarise:\n${notes.filter(Boolean).join('\n')}`)
