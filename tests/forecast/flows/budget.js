export const meta = { name: 'budget', description: 'Ideas, as long as the budget lasts.' }
const ideas = []
while (budget.remaining() > 2000 && ideas.length < 60) {
  ideas.push(await agent(`Idea ${ideas.length + 1} for the launch. Not one of: ${ideas.length} others.`))
}
return ideas.length
