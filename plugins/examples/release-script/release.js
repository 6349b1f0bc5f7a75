export const meta = {
  name: 'release-notes',
  description: 'Has release notes written, and asks a person before they count.',
  phases: [{ title: 'Write' }, { title: 'Decide' }],
}

// Asking people is beyond the dialect: run it with --extensions.
const { version, changes } = args
let wishes = ''

for (let draft = 1; draft <= 3; draft++) {
  phase('Write')
  const notes = await agent(
    `Write release notes for version ${version}, as Markdown, from these changes:\n\n- ${changes.join('\n- ')}${wishes}`,
    { label: `draft ${draft}` },
  )

  phase('Decide')
  const answer = await baton.gate(`Publish the notes of ${version}?`, {
    details: notes,
    choices: ['publish', 'revise'],
    deadlineMs: 7 * 24 * 3_600_000,
    default: false,
    label: `draft ${draft}`,
  })
  const decided = `${answer.by}: ${answer.note ?? ''}`
  // A no, from a person or at the deadline, is an answer like any other.
  if (!answer.approved) return { notes: null, decided }
  if (answer.choice === 'publish') return { notes, decided }
  wishes = `\n\nThis draft was not good enough:\n\n${notes}\n\nBecause: ${answer.note ?? 'no reason given'}`
}

throw new Error('three drafts, and none was good enough')
