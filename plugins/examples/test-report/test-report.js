/// <reference path="../../script/baton.d.ts" />
// Runs the tests of a project, and says on its pull request when they fail.
//
//   baton run test-report.js --root . --extensions --args-json \
//     '{"command": ["cargo", "test"], "repository": "OWNER/NAME", "number": 7}'
//
// It needs no agent. What it may do is in `baton.toml` beside it: run the tests, and write to one
// host with a secret that the script never holds.
export const meta = {
  name: 'test-report',
  description: 'Runs the tests of a project, and comments on its pull request when they fail.',
  phases: [{ title: 'Test' }, { title: 'Report' }],
  baton: {
    read: ['**'],
    tools: ['github/comment'],
    exec: ['cargo test **', 'npm test **', 'pytest **', 'make test **', 'sh test.sh'],
    http: ['https://api.github.com', 'http://127.0.0.1:*'],
    secrets: ['github'],
  },
}

const { command, repository, number, baseUrl } = args

/** The last lines of a text. */
const tail = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n')

phase('Test')
const tests = await baton.exec(command, { timeoutMs: 30 * 60 * 1000 })
if (tests.status === 0) return { passed: true }

phase('Report')
const output = tail(tests.stdout + tests.stderr, 60)
// The call has an idempotency key of its own, so a run that crashed here writes no second comment.
const comment = await baton.tool('github/comment', {
  repository,
  number,
  body: `\`${command.join(' ')}\` ended with status ${tests.status}.\n\n\`\`\`text\n${output}\n\`\`\``,
  ...(baseUrl && { base_url: baseUrl }),
})
return { passed: false, status: tests.status, comment: comment.url, id: comment.id }
