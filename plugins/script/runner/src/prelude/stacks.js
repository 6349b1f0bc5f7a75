// Stacks of errors. Scripts see the frames of their own file only, with the places of that file: a
// text that holds a stack must not change with a release of Baton.

const { get: nativeStackGetter, set: nativeStackSetter } = getOwnPropertyDescriptor(NativeError.prototype, 'stack')
const nativeStack = uncurry(nativeStackGetter)

// Errors that were made when a task ended have no frames of the script: they have those of the call.
const sites = new NativeWeakMap()

const placed = (error, site) => {
  weakSet(sites, error, site)
  return error
}

// The stack of an error as the engine wrote it, whatever the script has made of it.
const rawStackOf = (error) => (isError(error) ? (weakGet(sites, error) ?? nativeStack(error) ?? '') : '')

defineProperty(NativeError.prototype, 'stack', {
  __proto__: null,
  get: getOwnPropertyDescriptor({
    get stack() {
      const raw = isObject(this) ? (weakGet(sites, this) ?? nativeStack(this)) : undefined
      return typeof raw === 'string' ? host.stack(raw) : raw
    },
  }, 'stack').get,
  set: nativeStackSetter,
  enumerable: false,
  configurable: true,
})

define(NativeError, 'captureStackTrace', {
  captureStackTrace(target, f) {
    if (f === undefined) captureStackTrace(target)
    else captureStackTrace(target, f)
    const written = getOwnPropertyDescriptor(target, 'stack')
    if (written !== undefined && typeof written.value === 'string') define(target, 'stack', host.stack(written.value))
  },
}.captureStackTrace)

// Errors of nested workflows, with their place in the other file.
const children = new NativeWeakMap()

// ` (path:line:column)` of where an error was made, or nothing.
const placeIn = (error) => {
  const place = host.place(rawStackOf(error))
  const child = isError(error) ? weakGet(children, error) : undefined
  if (child !== undefined && child.path !== undefined) return ` (${child.path}:${child.line}:${child.column}, workflow \`${child.name}\` started at ${place})`
  return place === '' ? '' : ` (${place})`
}
