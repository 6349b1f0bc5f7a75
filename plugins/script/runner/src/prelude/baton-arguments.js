// Arguments of the extensions: checked by kind, refused in words.

// Functions that answer at once return promises all the same, as those of other runtimes would.
const promised = (f) => (...values) => {
  const made = deferred()
  try {
    made.resolve(apply(f, undefined, values))
  } catch (error) {
    made.reject(error)
  }
  return made.promise
}

const stringArgument = (what, value) => {
  if (typeof value !== 'string') throw new NativeTypeError(`${what} as a string, got ${kindOf(value)}`)
  return toWellFormed(value)
}

const functionArgument = (what, value) => {
  if (typeof value !== 'function') throw new NativeTypeError(`${what} as a function, got ${kindOf(value)}`)
}

const countArgument = (what, value) => {
  if (!isInteger(value) || value < 1) throw new NativeTypeError(`${what} as a whole number from 1, got ${lineOf(value)}`)
  return value
}

// An option object; keys that are not known are refused by name.
const optionsArgument = (what, options, known) => {
  if (options === undefined || options === null) return {}
  if (typeof options !== 'object') throw new NativeTypeError(`${what} expects options as an object, got ${kindOf(options)}`)
  const keys = ownKeys(options)
  for (let i = 0; i < keys.length; i++) {
    if (!includes(known, keys[i])) throw new NativeTypeError(`${what} does not know the option ${lineOf(keys[i])}; it knows ${join(known, ', ')}`)
  }
  return options
}

const patterns = (what, value) => {
  if (value === undefined || value === null) return []
  const list = isArray(value) ? value : [value]
  const texts = listOf()
  for (let i = 0; i < list.length; i++) push(texts, stringArgument(`${what} expects glob patterns`, list[i]))
  return texts
}
