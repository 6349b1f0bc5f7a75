// parallel(thunks) and pipeline(items, ...stages)

const ENTRIES_MAX = 4096

// An error that becomes `null` is written down and counted.
const swallowed = (where, error) => {
  counts.swallowed += 1
  warn(`${where} failed and became null: ${thrownOf(error)}${placeIn(error)}`)
  return null
}

const tooMany = (name, what, count) =>
  new NativeRangeError(`${name}() takes at most ${ENTRIES_MAX} ${what}, got ${count}; nothing was started`)

// Collects `count` values, each into its place. The promise is resolved with all of them.
const collector = (count) => {
  const made = deferred()
  const values = listOf()
  for (let i = 0; i < count; i++) push(values, null)
  let missing = count
  made.put = (index, value) => {
    values[index] = value
    missing -= 1
    if (missing === 0) made.resolve(handOver(values))
  }
  if (count === 0) made.resolve(handOver(values))
  return made
}

// Calls a function of the script; what it throws, now or later, is handed to `failed`.
const attempt = (context, f, values, done, failed) => {
  let promise
  try {
    promise = resolved(within(context, f, undefined, values))
  } catch (error) {
    failed(error)
    return
  }
  then(promise, done, failed)
}

const checkThunks = (name, thunks) => {
  if (!isArray(thunks)) throw new NativeTypeError(`${name}() expects an array of functions, got ${kindOf(thunks)}`)
  if (thunks.length > ENTRIES_MAX) throw tooMany(name, 'functions', thunks.length)
  const list = listOf()
  for (let i = 0; i < thunks.length; i++) {
    if (typeof thunks[i] !== 'function') {
      throw new NativeTypeError(`${name}() expects functions, not promises or values: entry ${i} is ${kindOf(thunks[i])}; write () => agent(…) instead of agent(…)`)
    }
    push(list, thunks[i])
  }
  return list
}

const runParallel = (name, thunks, width) => {
  const list = checkThunks(name, thunks)
  const made = collector(list.length)
  const context = current
  let next = 0
  const start = () => {
    const index = next
    next += 1
    const done = (value) => {
      made.put(index, value)
      if (next < list.length) start()
    }
    attempt(context, list[index], listOf(), done, (error) => done(swallowed(`${name}() entry ${index}`, error)))
  }
  while (next < list.length && next < width) start()
  return made.promise
}

offer('parallel', function parallel(thunks) {
  try {
    return runParallel('parallel', thunks, ENTRIES_MAX)
  } catch (error) {
    return rejected(error)
  }
})

const rejected = (error) => {
  const made = deferred()
  made.reject(error)
  return made.promise
}

offer('pipeline', function pipeline(items, ...stages) {
  try {
    if (!isArray(items)) throw new NativeTypeError(`pipeline() expects an array of items, got ${kindOf(items)}`)
    if (items.length > ENTRIES_MAX) throw tooMany('pipeline', 'items', items.length)
    if (stages.length > ENTRIES_MAX) throw tooMany('pipeline', 'stages', stages.length)
    for (let i = 0; i < stages.length; i++) {
      if (typeof stages[i] !== 'function') throw new NativeTypeError(`pipeline() expects every stage as a function: stage ${i + 1} is ${kindOf(stages[i])}`)
    }
    const list = sliceArray(items)
    const made = collector(list.length)
    const context = current
    const enter = (index, stage, previous) => {
      if (stage === stages.length) {
        made.put(index, previous)
        return
      }
      attempt(
        context,
        stages[stage],
        [previous, list[index], index],
        (value) => enter(index, stage + 1, value),
        (error) => made.put(index, swallowed(`pipeline() item ${index}, stage ${stage + 1},`, error)),
      )
    }
    for (let i = 0; i < list.length; i++) enter(i, 0, list[i])
    return made.promise
  } catch (error) {
    return rejected(error)
  }
})
