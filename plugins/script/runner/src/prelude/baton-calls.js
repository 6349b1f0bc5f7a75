// baton: sleeping, calls in full, and sub-budgets

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
