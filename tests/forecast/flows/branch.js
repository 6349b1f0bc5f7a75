export const meta = { name: 'branch', description: 'As much work as the report deserves.' }
const TRIAGE = {
  type: 'object', required: ['severity'], properties: {
    severity: { enum: ['trivial', 'normal', 'severe'] }, why: { type: 'string' } },
}
const LEADS = {
  type: 'object', required: ['leads'],
  properties: { leads: { type: 'array', maxItems: 3, items: { type: 'string' } } },
}
const { severity } = await agent('Triage the report: the export is empty on Mondays.', { schema: TRIAGE })
if (severity === 'trivial') return await agent('Answer the report.')
const places = severity === 'severe' ? ['api', 'jobs', 'store', 'client', 'time'] : ['api', 'jobs', 'time']
const looked = await parallel(places.map((place) => () =>
  agent(`Look for the cause in ${place}.`, { schema: LEADS })))
if (severity === 'severe') {
  const leads = looked.filter(Boolean).flatMap((one) => one.leads)
  await parallel(leads.map((lead) => () => agent(`Follow the lead ${lead}.`)))
}
return await agent('Write the fix.')
