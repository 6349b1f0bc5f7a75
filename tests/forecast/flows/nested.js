export const meta = { name: 'nested', description: 'A child for each area.' }
const AREAS = {
  type: 'object', required: ['areas'],
  properties: { areas: { type: 'array', items: { type: 'string' } } },
}
const { areas } = await agent('Which areas does the product have?', { schema: AREAS })
return await parallel(areas.map((area) => () => workflow('ask-area', { area })))
