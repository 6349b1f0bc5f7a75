// What a script must not reach: code from text, the clock, randomness, and what depends on memory.

const throwing = (name, message) => {
  const stub = { [name]() { throw new NativeTypeError(message) } }[name]
  return stub
}

// Code from text. Every path to the constructors of functions leads over a `constructor` property
// of one of four prototypes, or over the prototype of one of these constructors.
{
  const NativeFunction = Function
  const message = 'code cannot be made from text in a workflow'
  const kinds = [function () {}, async function () {}, function* () {}, async function* () {}]
  const names = ['Function', 'AsyncFunction', 'GeneratorFunction', 'AsyncGeneratorFunction']
  let base = NativeFunction.prototype
  for (let i = 0; i < kinds.length; i++) {
    const prototype = getPrototypeOf(kinds[i])
    const Stub = function () {
      throw new NativeTypeError(message)
    }
    defineProperty(Stub, 'name', { __proto__: null, value: names[i], configurable: true })
    defineProperty(Stub, 'prototype', { __proto__: null, value: prototype, writable: false, enumerable: false, configurable: false })
    defineProperty(Stub, 'length', { __proto__: null, value: 1, configurable: true })
    setPrototypeOf(Stub, base)
    defineProperty(prototype, 'constructor', { __proto__: null, value: Stub, writable: i === 0, enumerable: false, configurable: true })
    if (i === 0) {
      offer('Function', Stub)
      base = Stub
    }
  }
  offer('eval', throwing('eval', message))
}

// Call sites would hand out the functions of the prelude, and with them the host.
deleteProperty(NativeError, 'prepareStackTrace')

{
  const absent = ['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'navigator', 'performance', 'gc']
  for (let i = 0; i < absent.length; i++) deleteProperty(globalThis, absent[i])
}

// The clock. The constructor is replaced, not wrapped: the prototype leads to ours.
{
  const message = 'time is not available in a workflow: pass it in `args`'
  const now = rules.lenient
    ? { now() { return host.now() } }.now
    : throwing('now', `Date.now(): ${message}`)
  const format = uncurry(NativeDate.prototype.toString)
  const WorkflowDate = function Date(...parts) {
    if (new.target === undefined) {
      if (!rules.lenient) throw new NativeTypeError(`Date(): ${message}`)
      return format(new NativeDate(host.now()))
    }
    if (parts.length === 0) {
      if (!rules.lenient) throw new NativeTypeError(`new Date(): ${message}`)
      return construct(NativeDate, [host.now()], new.target)
    }
    return construct(NativeDate, parts, new.target)
  }
  defineProperty(WorkflowDate, 'length', { __proto__: null, value: 7, configurable: true })
  defineProperty(WorkflowDate, 'prototype', { __proto__: null, value: NativeDate.prototype, writable: false, enumerable: false, configurable: false })
  define(WorkflowDate, 'UTC', NativeDate.UTC)
  define(WorkflowDate, 'parse', NativeDate.parse)
  define(WorkflowDate, 'now', now)
  define(NativeDate.prototype, 'constructor', WorkflowDate)
  offer('Date', WorkflowDate)
}

// Randomness.
define(Math, 'random', rules.lenient
  ? { random() { return host.random() } }.random
  : throwing('random', 'Math.random(): randomness is not available in a workflow: vary by the index or by `args`'))

if (rules.lenient) {
  const tag = (object, name) => defineProperty(object, NativeSymbol.toStringTag, { __proto__: null, value: name, configurable: true })
  const crypto = {}
  define(crypto, 'randomUUID', { randomUUID() { return host.uuid() } }.randomUUID)
  tag(crypto, 'Crypto')
  offer('crypto', crypto)
  const performance = {}
  const origin = host.now()
  define(performance, 'now', { now() { return host.now() - origin } }.now)
  define(performance, 'timeOrigin', origin)
  tag(performance, 'Performance')
  offer('performance', performance)
}
