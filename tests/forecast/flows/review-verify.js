export const meta = {
  name: 'review-verify', description: 'Three lenses find, a challenger checks each finding.',
  phases: [{ title: 'Find' }, { title: 'Verify' }],
}
const FINDINGS = {
  type: 'object', required: ['findings'], properties: {
    findings: { type: 'array', items: { type: 'object', required: ['title', 'file', 'line'], properties: {
      title: { type: 'string' }, file: { type: 'string' }, line: { type: 'integer' },
      severity: { enum: ['low', 'medium', 'high'] } } } },
  },
}
const VERDICT = {
  type: 'object', required: ['real', 'why'],
  properties: { real: { type: 'boolean' }, why: { type: 'string' } },
}
phase('Find')
const found = await parallel(['bugs', 'performance', 'security'].map((lens) => () =>
  agent(`Find ${lens} in the change.`, { schema: FINDINGS, label: lens })))
phase('Verify')
const all = found.filter(Boolean).flatMap((one) => one.findings)
const verdicts = await parallel(all.map((one) => () =>
  agent(`Try to refute: ${one.title} at ${one.file}:${one.line}`, { schema: VERDICT })))
const real = all.filter((_, at) => verdicts[at]?.real)
return await agent(`Write the report of ${real.length} findings: ${JSON.stringify(real)}`)
