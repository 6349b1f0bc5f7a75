export const meta = { name: 'pipeline', description: 'Plans sections, and drafts, criticises and revises each.' }
const PLAN = {
  type: 'object', required: ['sections'], properties: {
    sections: { type: 'array', minItems: 3, maxItems: 8, items: { type: 'string' } },
  },
}
const plan = await agent('Plan the sections of a guide to the deployment.', { schema: PLAN })
const texts = await pipeline(
  plan.sections,
  (section) => agent(`Draft the section ${section}.`, { phase: 'Draft' }),
  (draft, section) => agent(`Criticise the draft of ${section}:\n${draft}`, { phase: 'Criticise' }),
  (critique, section) => agent(`Revise ${section} by:\n${critique}`, { phase: 'Revise' }),
)
return texts
