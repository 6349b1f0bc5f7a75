export const meta = { name: 'retry', description: 'Three tasks, each done again until its check passes.' }
const CHECK = {
  type: 'object', required: ['passed'], properties: {
    passed: { type: 'boolean' }, complaint: { type: 'string' } },
}
return await parallel(['parser', 'printer', 'cache'].map((part) => async () => {
  let complaint = ''
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await agent(`Implement the ${part}, attempt ${attempt}. ${complaint}`)
    const check = await agent(`Check the ${part}, attempt ${attempt}.`, { schema: CHECK })
    if (check.passed) return { part, attempt }
    complaint = check.complaint ?? ''
  }
  return { part, attempt: null }
}))
