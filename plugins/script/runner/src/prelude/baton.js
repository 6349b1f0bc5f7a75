// The global `baton`, for runs that allow extensions.

const FEATURES = [
  'agent', 'artifact', 'budget', 'converge', 'glob', 'handoff', 'limit', 'memo', 'now', 'opts.baton.provider',
  'opts.baton.timeoutMs', 'random', 'readJson', 'readText', 'retry', 'search', 'sleep', 'sleepUntil', 'uuid', 'verify',
]

// An answer of the host that is JSON text: `{ ok }` or `{ error }`.
const fileAnswer = (what, text) => {
  const answer = parseJson(text)
  if (answer.error !== undefined) throw named('BatonFileError', `${what}: ${answer.error.message}`, { __proto__: null, kind: answer.error.kind, code: answer.error.code })
  return answer.ok
}

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

const readText = (path) => {
  const text = host.readText(stringArgument('baton.readText() expects the path', path))
  return fileAnswer('baton.readText()', text)
}

const readJson = (path) => {
  const text = fileAnswer('baton.readJson()', host.readText(stringArgument('baton.readJson() expects the path', path)))
  try {
    return parseJson(text)
  } catch (error) {
    throw named('BatonFileError', `baton.readJson(): ${path} is not JSON: ${headOf(error)}`, { __proto__: null, kind: 'invalid', code: 'not-json' })
  }
}

const SELECTION = ['exclude', 'ignored', 'hidden', 'limit']

const selectionOptions = (options) =>
  stringifyJson({ __proto__: null, ignored: options.ignored, hidden: options.hidden, directories: options.directories, limit: options.limit })

const glob = (include, options) => {
  const own = optionsArgument('baton.glob()', options, ['directories', ...SELECTION])
  const chosen = { __proto__: null, include: patterns('baton.glob()', include), exclude: patterns('baton.glob()', own.exclude), options: selectionOptions(own) }
  const answer = fileAnswer('baton.glob()', host.list(stringifyJson(chosen)))
  if (answer.truncated && own.limit === undefined) warn(`baton.glob(): cut at ${answer.paths.length} entries`)
  return answer.paths
}

const search = (pattern, options) => {
  const own = optionsArgument('baton.search()', options, ['include', ...SELECTION])
  const chosen = { __proto__: null, include: patterns('baton.search()', own.include), exclude: patterns('baton.search()', own.exclude), options: selectionOptions(own) }
  const answer = fileAnswer('baton.search()', host.search(stringArgument('baton.search() expects the pattern', pattern), stringifyJson(chosen)))
  if (answer.truncated && own.limit === undefined) warn(`baton.search(): cut at ${answer.matches.length} matches`)
  return answer.matches
}

const sleep = (ms) => {
  const made = deferred()
  try {
    if (typeof ms !== 'number' || isNaN(ms)) throw new NativeTypeError(`baton.sleep() expects milliseconds, got ${lineOf(ms)}`)
    startTimer('a sleep', milliseconds(ms), () => made.resolve(undefined))
  } catch (error) {
    made.reject(error)
  }
  return made.promise
}

const sleepUntil = (time) => {
  const at = typeof time === 'number' ? time : getTime(new NativeDate(time))
  if (isNaN(at)) return rejected(new NativeTypeError(`baton.sleepUntil() expects a time, got ${lineOf(time)}`))
  return sleep(max(0, at - host.now()))
}

// The outcome of a call in full. Never throws.
const outcomeOf = (call, end) => {
  const failure = end.failure
  const usage = end.usage
  const extra = end.extra === undefined ? {} : parseJson(end.extra)
  const full = {
    ok: failure === null,
    value: null,
    outcome: failure === null ? 'ok' : failure.kind,
    callId: call.task,
    label: call.label,
    usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens, cachedTokens: usage.cached_tokens },
    cost: usage.cost_micro_usd / 1e6,
  }
  if (failure === null) {
    full.value = parseJson(end.output)
    full.summary = extra.summary
    full.evidence = extra.evidence
    full.artifacts = extra.artifacts
    full.followUps = extra.followUps
    counts.ok += 1
    note(call, 'ok')
    return full
  }
  full.error = { kind: failure.kind, code: failure.code, message: failure.message, detail: failure.detail }
  const cause = causeOf(failure)
  note(call, `${failure.kind}: ${cause}`)
  mapSet(nulls, cause, (mapGet(nulls, cause) ?? 0) + 1)
  return full
}

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

const LIMITS = ['agents', 'tokens', 'outputTokens']

const subBudget = (limits) => {
  const own = optionsArgument('baton.budget()', limits, LIMITS)
  const granted = { __proto__: null }
  for (let i = 0; i < LIMITS.length; i++) {
    const limit = own[LIMITS[i]]
    if (limit === undefined || limit === null) continue
    if (typeof limit !== 'number' || !(limit >= 0)) throw new NativeTypeError(`baton.budget() expects ${LIMITS[i]} as a number, got ${lineOf(limit)}`)
    granted[LIMITS[i]] = limit
  }
  const budget = { __proto__: null, outer: current, agents: 0, tokens: 0, outputTokens: 0 }
  budget.over = () => {
    for (let i = 0; i < LIMITS.length; i++) {
      const name = LIMITS[i]
      if (granted[name] !== undefined && budget[name] >= granted[name]) return `the budget of baton.budget() is used up: ${budget[name]} of ${granted[name]} ${name}`
    }
    return null
  }
  return budget
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

const artifact = (name, data, options) => {
  const own = optionsArgument('baton.artifact()', options, ['mediaType'])
  let bytes
  let mediaType
  if (typeof data === 'string') {
    bytes = host.utf8Encode(toWellFormed(data))
    mediaType = 'text/plain; charset=utf-8'
  } else if (isObject(data) && (isView(data) || tagOf(data) === '[object ArrayBuffer]')) {
    bytes = bytesOf('baton.artifact()', data)
    mediaType = 'application/octet-stream'
  } else {
    const text = jsonOf(data, 'data')
    if (text === undefined) throw new NativeTypeError('baton.artifact() expects text, bytes or JSON, got undefined')
    bytes = host.utf8Encode(text)
    mediaType = 'application/json'
  }
  if (own.mediaType !== undefined) mediaType = stringArgument('baton.artifact() expects mediaType', own.mediaType)
  const title = stringArgument('baton.artifact() expects the name', name)
  const answer = parseJson(host.artifact(title, mediaType, bytes))
  if (answer.error !== undefined) throw named('Error', `baton.artifact(): ${answer.error}`)
  push(said.artifacts, { __proto__: null, name: title, mediaType, digest: answer.ok, size: bytes.length })
  return { id: answer.ok, sha256: slice(answer.ok, 7) }
}

const readEvidence = (list) => {
  if (!isArray(list)) throw new NativeTypeError(`baton.handoff() expects evidence as an array, got ${kindOf(list)}`)
  const read = listOf()
  for (let i = 0; i < list.length; i++) {
    const { path, lines, digest, claim } = list[i]
    const at = `baton.handoff() expects evidence[${i}]`
    const entry = { __proto__: null, path: stringArgument(`${at}.path`, path), claim: stringArgument(`${at}.claim`, claim) }
    if (digest !== undefined && digest !== null) entry.digest = stringArgument(`${at}.digest`, digest)
    if (lines !== undefined && lines !== null) {
      entry.lines = { __proto__: null, first: countArgument(`${at}.lines.first`, lines.first), last: countArgument(`${at}.lines.last`, lines.last) }
    }
    push(read, entry)
  }
  return read
}

const handoff = (value, schema) => {
  const text = jsonOf(value, 'value')
  if (schema !== undefined && schema !== null) {
    const problems = problemsOf(parseJson(jsonOf(schema, 'schema') ?? 'null'), parseJson(text ?? 'null'))
    if (problems.length > 0) throw named('WorkflowSchemaError', `baton.handoff(): the value does not fit its schema: ${join(problems, '; ')}`)
  }
  if (isObject(value) && !isArray(value)) {
    if (typeof value.summary === 'string') said.summary = toWellFormed(value.summary)
    if (value.evidence !== undefined) said.evidence = readEvidence(value.evidence)
    if (isArray(value.followUps)) {
      const list = listOf()
      for (let i = 0; i < value.followUps.length; i++) push(list, stringArgument(`baton.handoff() expects followUps[${i}]`, value.followUps[i]))
      said.followUps = list
    }
  }
  return value
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

if (rules.extensions) {
  const baton = {}
  const add = (name, value) => defineProperty(baton, name, { __proto__: null, value, enumerable: true })
  const named = (name, f) => add(name, defineProperty(f, 'name', { __proto__: null, value: name, configurable: true }) && f)
  add('version', rules.version)
  add('features', freeze(FEATURES))
  named('readText', promised(readText))
  named('readJson', promised(readJson))
  named('glob', promised(glob))
  named('search', promised(search))
  named('sleep', sleep)
  named('sleepUntil', sleepUntil)
  named('now', () => host.now())
  named('random', () => host.random())
  named('uuid', () => host.uuid())
  named('agent', function agent(prompt, opts) {
    return startAgent(agent, prompt, opts, outcomeOf)
  })
  named('retry', retry)
  named('limit', (width, thunks) => {
    try {
      return runParallel('baton.limit', thunks, countArgument('baton.limit() expects the width', width))
    } catch (error) {
      return rejected(error)
    }
  })
  named('budget', (limits, f) => {
    try {
      functionArgument('baton.budget() expects what to run', f)
      return resolved(within(subBudget(limits), f, undefined, listOf()))
    } catch (error) {
      return rejected(error)
    }
  })
  named('memo', memo)
  named('artifact', promised(artifact))
  named('handoff', handoff)
  named('verify', verify)
  named('converge', converge)
  offer('baton', baton)
}
