// Which awaits the script stands at, and, with extensions, the asynchronous context.

// How many times each await of the script is pending, by its index.
const standing = listOf()
for (let i = 0; i < rules.awaits; i++) push(standing, 0)

// What belongs to the code that runs now and to whatever it awaits: the sub-budgets.
let current = null

// Calls a function in a context. Without extensions there is but one.
const within = !rules.extensions ? (context, f, self, values) => apply(f, self, values) : (context, f, self, values) => {
  const before = current
  current = context
  try {
    return apply(f, self, values)
  } finally {
    current = before
  }
}

// Stands before every `await` of the script. The reaction is registered before the one of the
// `await` itself, so it runs just before the script goes on, whatever the promise ends with.
const awaiting = (index, value) => {
  if (!isObject(value)) {
    if (!rules.extensions) return value
    value = resolved(value)
  }
  const promise = resolved(value)
  const context = current
  standing[index] += 1
  const leave = () => {
    standing[index] -= 1
    current = context
  }
  then(promise, leave, leave)
  return promise
}

// Stands before what `for await` goes through: every step waits as an `await` does.
const eachOf = (index, iterable) => {
  const steps = (async function* () {
    yield* iterable
  })()
  const next = uncurry(steps.next)
  const end = uncurry(steps.return)
  return {
    [NativeSymbol.asyncIterator]() {
      return this
    },
    next: () => awaiting(index, next(steps)),
    return: (value) => awaiting(index, end(steps, value)),
  }
}

const pendingAwaits = () => {
  const pending = listOf()
  for (let i = 0; i < standing.length; i++) if (standing[i] > 0) push(pending, i)
  return pending
}

// With extensions, callbacks of promises run in the context in which they were registered.
if (rules.extensions) {
  const inContext = (f) => {
    if (typeof f !== 'function') return f
    const context = current
    return (value) => within(context, f, undefined, [value])
  }
  define(NativePromise.prototype, 'then', {
    then(onFulfilled, onRejected) {
      return then(this, inContext(onFulfilled), inContext(onRejected))
    },
  }.then)
}

offer('queueMicrotask', function queueMicrotask(callback) {
  if (typeof callback !== 'function') throw new NativeTypeError(`queueMicrotask() expects a function, got ${kindOf(callback)}`)
  const context = current
  then(resolved(undefined), () => {
    try {
      within(context, callback, undefined, listOf())
    } catch (error) {
      unhandled(error, 'queueMicrotask()')
    }
  })
})

// An error that nobody can catch any more. It does not end the run.
const unhandled = (error, where) => host.log('error', toWellFormed(`an error nobody handles, from ${where}: ${thrownOf(error)}${placeIn(error)}`))
