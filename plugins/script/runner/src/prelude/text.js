// Values as text: lines for people, JSON for the host.

const LINE_DEPTH = 4
const LINE_ENTRIES = 100
// Far more than the host takes; every level is compared with those above it.
const JSON_DEPTH_MAX = 512

// Whether a value is an error. A proxy may throw even at this question.
const isError = (value) => {
  try {
    return value instanceof NativeError
  } catch {
    return false
  }
}

// A value in one line, as `log` and `console` write it. Strings by themselves are themselves.
const lineOf = (value) => {
  if (typeof value === 'string') return value
  try {
    return shown(value, LINE_DEPTH, listOf())
  } catch {
    return '[a value that cannot be shown]'
  }
}

const shown = (value, depth, above) => {
  if (typeof value === 'string') return stringifyJson(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol') return symbolText(value)
  if (typeof value === 'function') return `[function ${typeof value.name === 'string' ? value.name : ''}]`
  if (!isObject(value)) return `${value}`
  for (let i = 0; i < above.length; i++) if (above[i] === value) return '[circular]'
  const tag = tagOf(value)
  if (tag === '[object Error]' || isError(value)) return headOf(value)
  if (tag === '[object Date]') return isNaN(+value) ? 'Invalid Date' : toIsoString(value)
  if (tag === '[object RegExp]') return regExpText(value)
  if (tag === '[object Promise]') return '[promise]'
  if (depth === 0) return isArray(value) ? '[…]' : '{…}'
  push(above, value)
  const parts = listOf()
  if (isArray(value)) {
    for (let i = 0; i < value.length && i < LINE_ENTRIES; i++) push(parts, shown(value[i], depth - 1, above))
    if (value.length > LINE_ENTRIES) push(parts, `… ${value.length - LINE_ENTRIES} more`)
  } else if (tag === '[object Map]') {
    mapForEach(value, (item, key) => push(parts, `${shown(key, depth - 1, above)} => ${shown(item, depth - 1, above)}`))
  } else if (tag === '[object Set]') {
    setForEach(value, (item) => push(parts, shown(item, depth - 1, above)))
  } else {
    const keys = ownKeys(value)
    for (let i = 0; i < keys.length && i < LINE_ENTRIES; i++) {
      if (typeof keys[i] === 'string' && isEnumerable(value, keys[i])) {
        push(parts, `${stringifyJson(keys[i])}:${shown(value[keys[i]], depth - 1, above)}`)
      }
    }
    if (keys.length > LINE_ENTRIES) push(parts, `… ${keys.length - LINE_ENTRIES} more`)
  }
  above.length -= 1
  const body = join(parts, ',')
  if (isArray(value)) return `[${body}]`
  if (tag === '[object Map]') return `Map{${body}}`
  if (tag === '[object Set]') return `Set{${body}}`
  return `{${body}}`
}

const linesOf = (values) => {
  const parts = listOf()
  for (let i = 0; i < values.length; i++) push(parts, lineOf(values[i]))
  return join(parts, ' ')
}

// `Name: message` of an error, whatever its getters do.
const headOf = (error) => {
  const name = textOf(error, 'name') ?? 'Error'
  const message = textOf(error, 'message') ?? ''
  return message === '' ? name : `${name}: ${message}`
}

// A property if it is a string.
const textOf = (object, key) => {
  try {
    const value = object[key]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

// `Name: message` of anything that can be thrown.
const thrownOf = (thrown) => (isError(thrown) ? headOf(thrown) : lineOf(thrown))

const promisePrototype = NativePromise.prototype

// Where in `root` something is that JSON cannot say.
class NotJson {
  constructor(path, problem) {
    this.path = path
    this.problem = problem
  }
}

const memberOf = (holder, key) => {
  if (isArray(holder)) return `[${key}]`
  return testRegExp(/^[A-Za-z_$][\w$]*$/, key) ? `.${key}` : `[${stringifyJson(key)}]`
}

// JSON text of a value, `undefined` for `undefined`. Throws `NotJson`, with the path beginning at
// `root`, for what is not JSON, and passes on what getters and `toJSON` of the value throw.
const jsonOf = (value, root) => {
  const holders = listOf()
  const steps = listOf()
  const pathTo = (key) => `${root}${join(steps, '')}${holders.length === 0 ? '' : memberOf(holders[holders.length - 1], key)}`
  // The function is called for every member, depth first, with `this` being the holder. Before
  // the root it is called with a holder that is no part of the value.
  let atRoot = true
  return stringifyJson(value, function (key, member) {
    if (!atRoot) {
      while (holders.length > 1 && holders[holders.length - 1] !== this) {
        holders.length -= 1
        steps.length -= 1
      }
    }
    const type = typeof member
    if (type === 'function') throw new NotJson(pathTo(key), 'a function')
    if (type === 'symbol') throw new NotJson(pathTo(key), 'a symbol')
    if (type === 'bigint') throw new NotJson(pathTo(key), 'a BigInt')
    if (type === 'object' && member !== null) {
      // Scripts in use return such values, and get what JSON makes of them.
      if (getPrototypeOf(member) === promisePrototype) warn(`${pathTo(key)} is a promise that was not awaited: it becomes {}`)
      if (holders.length > JSON_DEPTH_MAX) throw new NotJson(root, `a value of more than ${JSON_DEPTH_MAX} levels`)
      for (let i = 0; i < holders.length; i++) {
        if (holders[i] === member) throw new NotJson(pathTo(key), 'a cycle')
      }
      if (!atRoot) push(steps, memberOf(holders[holders.length - 1], key))
      push(holders, member)
    }
    atRoot = false
    return type === 'string' ? toWellFormed(member) : member
  })
}
