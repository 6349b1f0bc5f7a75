export const meta = {
  name: 'files', description: 'Checks every page, and mends those that need it.',
  baton: { read: ['docs/**'] },
}
const CHECK = {
  type: 'object', required: ['ok', 'problems'], properties: {
    ok: { type: 'boolean' }, problems: { type: 'array', items: { type: 'string' } } },
}
const pages = await baton.glob('docs/**/*.md')
const checked = await parallel(pages.map((page) => () =>
  agent(`Check the page ${page}.`, { schema: CHECK, phase: 'Check' })))
const bad = pages.filter((_, at) => checked[at] && !checked[at].ok)
await parallel(bad.map((page) => () => agent(`Mend the page ${page}.`, { phase: 'Mend' })))
return { pages: pages.length, mended: bad.length }
