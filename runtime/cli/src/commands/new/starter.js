/// <reference path="./baton.d.ts" />
// A workflow for Baton, in the dialect of Claude Code's workflow scripts.
//
//   baton check __PATH__
//   baton run __NAME__ --args 'what to look at' --agent 'command:./worker.sh' --root .
//
// It is plain JavaScript inside one async function: `await` and `return` work at the top level.
// There are no modules, no files and no network here; agents do the work.

export const meta = {
  name: '__NAME__',
  description: 'Asks three agents about a subject in parallel, then has their answers merged.',
  phases: [{ title: 'Look' }, { title: 'Merge' }],
}

// `args` is what --args or --input gave; nothing given: undefined.
const subject = args ?? 'this project'

// Calls belong to the phase that was named last.
phase('Look')
const concerns = ['purpose', 'risks', 'open questions']
const answers = await parallel(
  concerns.map((concern) => () =>
    agent(`Describe the ${concern} of ${JSON.stringify(subject)} in a few sentences.`, {
      label: concern,
      // With a schema the answer is an object that fits it; without one it is text.
      schema: {
        type: 'object',
        properties: { concern: { type: 'string' }, text: { type: 'string' } },
        required: ['concern', 'text'],
      },
    }),
  ),
)

// An agent that failed gives null: the others count all the same.
const found = answers.filter((answer) => answer !== null)
log(`${found.length} of ${concerns.length} agents answered`)

phase('Merge')
const merged = await agent(`Merge these answers into one page:\n\n${JSON.stringify(found, null, 2)}`, {
  label: 'merge',
})

// The returned value is the result of the run; it must be JSON.
return { subject, answered: found.length, merged }
