export const meta = { name: 'demo', description: 'x' }
const sorted = (list, options) => list.sort((a, b) => a.localeCompare(b, undefined, options))
return {
  case: sorted(['b', 'a', 'B', 'A']),
  accents: sorted(['zebra', 'Äpfel', 'apfel', 'Zoo', 'ähre', 'éclair', 'eclat']),
  symbols: sorted(['a', '1', '_', '-', ' ', '#', '.', '/', '(']),
  numeric: sorted(['a10', 'a9', 'b1', 'a1', 'a100b', 'a', 'ab'], { numeric: true }),
  plain: sorted(['a10', 'a9', 'b1', 'a1']),
  base: 'a'.localeCompare('Á', 'en', { sensitivity: 'base' }),
  accent: ['a'.localeCompare('A', 'en', { sensitivity: 'accent' }), 'a'.localeCompare('á', 'en', { sensitivity: 'accent' })],
  others: sorted(['я', 'б', 'z', '漢', 'α']),
  equal: 'x'.localeCompare('x'),
}
