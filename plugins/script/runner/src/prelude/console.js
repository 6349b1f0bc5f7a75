// console: lines of the run's log

{
  const console = {}
  let indent = ''
  const at = (name, level) => define(console, name, { [name](...values) {
    host.log(level, toWellFormed(indent + linesOf(values)))
  } }[name])
  at('log', 'info')
  at('info', 'info')
  at('dir', 'info')
  at('dirxml', 'info')
  at('table', 'info')
  at('debug', 'debug')
  at('trace', 'debug')
  at('warn', 'warn')
  at('error', 'error')
  define(console, 'assert', { assert(holds, ...values) {
    if (!holds) host.log('error', toWellFormed(`${indent}assertion failed${values.length === 0 ? '' : `: ${linesOf(values)}`}`))
  } }.assert)
  const group = { group(...values) {
    if (values.length > 0) host.log('info', toWellFormed(indent + linesOf(values)))
    if (indent.length < 40) indent += '  '
  } }.group
  define(console, 'group', group)
  define(console, 'groupCollapsed', group)
  define(console, 'groupEnd', { groupEnd() {
    indent = slice(indent, 2)
  } }.groupEnd)
  const tally = new NativeMap()
  define(console, 'count', { count(label) {
    const name = label === undefined ? 'default' : lineOf(label)
    const number = (mapGet(tally, name) ?? 0) + 1
    mapSet(tally, name, number)
    host.log('info', toWellFormed(`${indent}${name}: ${number}`))
  } }.count)
  define(console, 'countReset', { countReset(label) {
    mapDelete(tally, label === undefined ? 'default' : lineOf(label))
  } }.countReset)
  // Work takes no virtual time.
  const silent = ['time', 'timeEnd', 'timeLog', 'timeStamp', 'clear']
  for (let i = 0; i < silent.length; i++) {
    const name = silent[i]
    define(console, name, { [name]() {} }[name])
  }
  offer('console', console)
}
