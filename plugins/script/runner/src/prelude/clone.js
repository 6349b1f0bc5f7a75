// structuredClone

const cloneError = (what) => construct(NativeDOMException, [`structuredClone() cannot clone ${what}`, 'DataCloneError'])

const NativeDataView = DataView
const { isView } = ArrayBuffer

const CLONED_ERRORS = { __proto__: null, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

const clone = (value, seen) => {
  if (typeof value === 'symbol') throw cloneError('a symbol')
  if (typeof value === 'function') throw cloneError('a function')
  if (!isObject(value)) return value
  const known = mapGet(seen, value)
  if (known !== undefined) return known
  const keep = (copy) => {
    mapSet(seen, value, copy)
    return copy
  }
  if (isArray(value)) {
    const copy = keep(new NativeArray(value.length))
    return cloneProperties(value, copy, seen)
  }
  switch (tagOf(value)) {
    case '[object Date]':
      return keep(construct(NativeDate, [getTime(value)]))
    case '[object RegExp]':
      return keep(new NativeRegExp(value.source, value.flags))
    case '[object Boolean]':
    case '[object Number]':
    case '[object String]':
    case '[object BigInt]':
      return keep(NativeObject(value.valueOf()))
    case '[object Map]': {
      const copy = keep(new NativeMap())
      mapForEach(value, (item, key) => mapSet(copy, clone(key, seen), clone(item, seen)))
      return copy
    }
    case '[object Set]': {
      const copy = keep(new NativeSet())
      setForEach(value, (item) => setAdd(copy, clone(item, seen)))
      return copy
    }
    case '[object Error]': {
      const Kind = CLONED_ERRORS[textOf(value, 'name')] ?? NativeError
      const copy = keep(new Kind(textOf(value, 'message')))
      if (hasOwn(value, 'cause')) define(copy, 'cause', clone(value.cause, seen))
      return placed(copy, rawStackOf(value))
    }
    case '[object ArrayBuffer]':
      return keep(arrayBufferSlice(value, 0))
    case '[object DataView]':
      return keep(new NativeDataView(clone(value.buffer, seen), value.byteOffset, value.byteLength))
    case '[object Promise]':
    case '[object WeakMap]':
    case '[object WeakSet]':
    case '[object Generator]':
    case '[object AsyncGenerator]':
      throw cloneError(`a ${slice(tagOf(value), 8, -1)}`)
  }
  if (isView(value)) {
    const Kind = TYPED_ARRAYS[value[NativeSymbol.toStringTag]]
    return keep(new Kind(clone(value.buffer, seen), value.byteOffset, value.length))
  }
  return cloneProperties(value, keep({}), seen)
}

const TYPED_ARRAYS = {
  __proto__: null,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}

const cloneProperties = (from, to, seen) => {
  const keys = ownKeys(from)
  for (let i = 0; i < keys.length; i++) {
    if (typeof keys[i] !== 'string' || !isEnumerable(from, keys[i])) continue
    const copy = clone(from[keys[i]], seen)
    defineProperty(to, keys[i], { __proto__: null, value: copy, writable: true, enumerable: true, configurable: true })
  }
  return to
}

offer('structuredClone', function structuredClone(value) {
  if (arguments.length === 0) throw new NativeTypeError('structuredClone() expects a value')
  return clone(value, new NativeMap())
})
