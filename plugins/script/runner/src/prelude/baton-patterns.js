// baton: ways to put calls together

const retry = async (f, options) => {
  functionArgument('baton.retry() expects what to try', f)
  const own = optionsArgument('baton.retry()', options, ['times', 'backoffMs'])
  const times = own.times === undefined ? 3 : countArgument('baton.retry() expects times', own.times)
  const backoff = own.backoffMs ?? 0
  if (typeof backoff !== 'number' || !(backoff >= 0)) throw new NativeTypeError(`baton.retry() expects backoffMs as milliseconds, got ${lineOf(backoff)}`)
  const context = current
  for (let attempt = 1; ; attempt++) {
    try {
      return await resolved(within(context, f, undefined, [attempt]))
    } catch (error) {
      if (attempt >= times) throw error
      warn(`baton.retry(): attempt ${attempt} of ${times} failed: ${thrownOf(error)}${placeIn(error)}`)
    }
    if (backoff > 0) await sleep(min(backoff * 2 ** min(attempt - 1, 31), 366 * 24 * 3_600_000))
  }
}

const memos = new NativeMap()

const memo = (key, f) => {
  try {
    const name = stringArgument('baton.memo() expects the key', key)
    functionArgument('baton.memo() expects what to compute', f)
    const known = mapGet(memos, name)
    if (known !== undefined) return known
    const made = deferred()
    mapSet(memos, name, made.promise)
    attempt(current, f, listOf(), made.resolve, (error) => {
      mapDelete(memos, name)
      made.reject(error)
    })
    return made.promise
  } catch (error) {
    return rejected(error)
  }
}

const verify = async (challengers, challenge) => {
  countArgument('baton.verify() expects the number of challengers', challengers)
  functionArgument('baton.verify() expects the challenge', challenge)
  const thunks = []
  for (let i = 0; i < challengers; i++) push(thunks, () => challenge(i))
  const verdicts = await runParallel('baton.verify', thunks, ENTRIES_MAX)
  let refutations = 0
  let confirmations = 0
  for (let i = 0; i < verdicts.length; i++) {
    const verdict = verdicts[i]
    if (isObject(verdict) && typeof verdict.refuted === 'boolean') {
      if (verdict.refuted) refutations += 1
      else confirmations += 1
    } else {
      verdicts[i] = null
    }
  }
  const ruling = confirmations > refutations ? 'holds' : confirmations < refutations ? 'refuted' : 'undecided'
  return { verdicts, refutations, confirmations, ruling, holds: ruling === 'holds' }
}

// Text that is the same for values that are equal, whatever the order of their keys.
const canonical = (value) => {
  if (isArray(value)) {
    const parts = listOf()
    for (let i = 0; i < value.length; i++) push(parts, canonical(value[i]))
    return `[${join(parts, ',')}]`
  }
  if (!isObject(value)) return stringifyJson(value) ?? 'null'
  const keys = sortArray(objectKeys(value))
  const parts = listOf()
  for (let i = 0; i < keys.length; i++) push(parts, `${stringifyJson(keys[i])}:${canonical(value[keys[i]])}`)
  return `{${join(parts, ',')}}`
}

const converge = async (rounds, round) => {
  countArgument('baton.converge() expects the number of rounds', rounds)
  functionArgument('baton.converge() expects the round', round)
  const context = current
  const seen = new NativeSet()
  const items = []
  for (let number = 1; number <= rounds; number++) {
    const found = await resolved(within(context, round, undefined, [number, sliceArray(items)]))
    const before = items.length
    if (!isArray(found) && found !== null) throw new NativeTypeError(`baton.converge() expects every round to bring an array, got ${kindOf(found)}`)
    for (let i = 0; found !== null && i < found.length; i++) {
      const key = canonical(found[i])
      if (!setHas(seen, key)) {
        setAdd(seen, key)
        push(items, found[i])
      }
    }
    if (items.length === before && found !== null) return { items, rounds: number, complete: true }
  }
  return { items, rounds, complete: false }
}
