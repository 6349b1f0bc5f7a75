// What the prelude uses of the language, taken before a script can change it.
// A call `method(self, …)` of a function made by `uncurry` looks nothing up on `self`.

const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
const { freeze, keys: objectKeys, setPrototypeOf } = Object
const { isArray } = Array
const { parse: parseJson, stringify: stringifyJson } = JSON
const { isInteger, isNaN } = Number
const { floor, max, min } = Math
const decodeUri = decodeURIComponent
const { fromCharCode } = String
const NativeArray = Array
const ArrayPrototype = Array.prototype
const NativeDOMException = DOMException
const NativeDate = Date
const NativeError = Error
const NativeMap = Map
const NativeObject = Object
const NativePromise = Promise
const NativeRangeError = RangeError
const NativeRegExp = RegExp
const NativeSet = Set
const NativeString = String
const NativeTypeError = TypeError
const NativeUint8Array = Uint8Array
const NativeWeakMap = WeakMap
const NativeSymbol = Symbol

const { bind, call } = Function.prototype
const bound = (f, self) => apply(bind, f, [self])
const uncurry = (f) => bound(call, f)
const arrayBufferSlice = uncurry(ArrayBuffer.prototype.slice)
const charCodeAt = uncurry(NativeString.prototype.charCodeAt)
const getTime = uncurry(NativeDate.prototype.getTime)
const hasOwn = uncurry(NativeObject.prototype.hasOwnProperty)
const indexOf = uncurry(NativeString.prototype.indexOf)
const isEnumerable = uncurry(NativeObject.prototype.propertyIsEnumerable)
const join = uncurry(NativeArray.prototype.join)
const regExpText = uncurry(NativeRegExp.prototype.toString)
const normalize = uncurry(NativeString.prototype.normalize)
const replaceAll = uncurry(NativeString.prototype.replaceAll)
const slice = uncurry(NativeString.prototype.slice)
const sliceArray = uncurry(NativeArray.prototype.slice)
const sortArray = uncurry(NativeArray.prototype.sort)
const split = uncurry(NativeString.prototype.split)
const startsWith = uncurry(NativeString.prototype.startsWith)
const symbolText = uncurry(NativeSymbol.prototype.toString)
const testRegExp = uncurry(NativeRegExp.prototype.test)
const toIsoString = uncurry(NativeDate.prototype.toISOString)
const toLowerCase = uncurry(NativeString.prototype.toLowerCase)
const toWellFormed = uncurry(NativeString.prototype.toWellFormed)
const trim = uncurry(NativeString.prototype.trim)
const tagOf = uncurry(NativeObject.prototype.toString)
const then = uncurry(NativePromise.prototype.then)
const resolved = bound(NativePromise.resolve, NativePromise)
const mapDelete = uncurry(NativeMap.prototype.delete)
const mapForEach = uncurry(NativeMap.prototype.forEach)
const mapGet = uncurry(NativeMap.prototype.get)
const mapHas = uncurry(NativeMap.prototype.has)
const mapSet = uncurry(NativeMap.prototype.set)
const captureStackTrace = bound(NativeError.captureStackTrace, NativeError)
const setAdd = uncurry(NativeSet.prototype.add)
const setForEach = uncurry(NativeSet.prototype.forEach)
const setHas = uncurry(NativeSet.prototype.has)
const weakGet = uncurry(NativeWeakMap.prototype.get)
const weakSet = uncurry(NativeWeakMap.prototype.set)

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'
// A list of our own: what a script puts on the prototypes of arrays and objects does not reach it.
const listOf = () => setPrototypeOf([], null)
// A list as a script gets it.
const handOver = (list) => setPrototypeOf(list, ArrayPrototype)
const push = (list, value) => {
  list[list.length] = value
}

// A property as built-in ones are: it can be written and deleted, and enumeration passes it over.
const define = (object, key, value) =>
  defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true })

// A global of the dialect.
const offer = (key, value) => define(globalThis, key, value)

// A promise and what settles it.
const deferred = () => {
  const made = { __proto__: null }
  made.promise = new NativePromise((resolve, reject) => {
    made.resolve = resolve
    made.reject = reject
  })
  return made
}
