// agent(prompt, opts)

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max']

// An option: an own property, as it is when the call is made.
const option = (opts, key) => (isEnumerable(opts, key) ? opts[key] : undefined)

// A choice. What counts as false is no choice.
const stringOption = (opts, key) => {
  const value = option(opts, key)
  if (!value) return undefined
  if (typeof value !== 'string') throw new NativeTypeError(`agent() expects opts.${key} as a string, got ${kindOf(value)}`)
  return toWellFormed(value)
}

// Names shown to people are taken as they are.
const nameOption = (opts, key) => {
  const value = option(opts, key)
  return value === undefined || value === null ? undefined : toWellFormed(lineOf(value))
}

// Reads the arguments, once.
const readCall = (prompt, opts) => {
  if (typeof prompt !== 'string') throw new NativeTypeError(`agent() expects the prompt as a string, got ${kindOf(prompt)}`)
  if (opts === undefined || opts === null) opts = {}
  if (typeof opts !== 'object' || isArray(opts)) throw new NativeTypeError(`agent() expects opts as an object, got ${kindOf(opts)}`)
  const call = { __proto__: null, prompt: toWellFormed(prompt) }
  const options = { __proto__: null }
  call.options = options
  call.label = nameOption(opts, 'label') ?? host.label(call.prompt)
  options.label = call.label
  options.phase = nameOption(opts, 'phase')
  options.agent_type = stringOption(opts, 'agentType')
  options.model = stringOption(opts, 'model')
  options.isolation = stringOption(opts, 'isolation')
  const effort = option(opts, 'effort')
  if (effort !== undefined && effort !== null) {
    if (includes(EFFORTS, effort)) options.effort = effort
    else warn(`agent \`${call.label}\`: effort ${lineOf(effort)} is none of ${join(EFFORTS, ', ')} and is left out`)
  }
  const stallMs = option(opts, 'stallMs')
  if (stallMs !== undefined && stallMs !== null) {
    if (typeof stallMs === 'number' && stallMs >= 1) options.stall_ms = floor(min(stallMs, 9e15))
    else warn(`agent \`${call.label}\`: stallMs ${lineOf(stallMs)} is no number of milliseconds and is left out`)
  }
  if (rules.extensions) readExtensions(option(opts, 'baton'), options)
  const schema = option(opts, 'schema')
  if (schema !== undefined && schema !== null) {
    call.schema = schemaText(schema)
    options.schema_attempts = rules.schemaAttempts
  }
  return call
}

// Starts a call for the function `self` of the dialect. `deliver(end)` gives the value of the call, or throws what rejects it.
const startAgent = (self, prompt, opts, deliver) => {
  const made = deferred()
  try {
    const site = callSite(self)
    const call = readCall(prompt, opts)
    admit(`agent \`${call.label}\``)
    const answer = host.spawnAgent(call.prompt, call.schema, stringifyJson(call.options))
    if (typeof answer !== 'number') throw refused(`agent \`${call.label}\` was not started`, parseJson(answer))
    call.task = answer
    call.site = site
    call.context = current
    counts.agents += 1
    countAgents(current, 1)
    opened(answer, {
      __proto__: null,
      kind: 'agent',
      label: call.label,
      settle(end) {
        spend(end.usage, call.context)
        try {
          made.resolve(deliver(call, end))
        } catch (error) {
          if (isError(error)) weakSet(callOfError, error, call)
          made.reject(error)
        }
      },
    })
  } catch (error) {
    made.reject(error)
  }
  return made.promise
}

const note = (call, outcome) => {
  lastOutcome = { __proto__: null, task: call.task, label: call.label, outcome }
}

const nothing = (call, cause, message) => {
  const outcome = `null: ${cause}`
  note(call, outcome)
  lastNull = lastOutcome
  mapSet(nulls, cause, (mapGet(nulls, cause) ?? 0) + 1)
  if (cause !== 'cancelled') warn(`agent \`${call.label}\` (task ${call.task}) gave null: ${cause}: ${message}`)
  return null
}

const failedCall = (call, name, message, failure) => {
  counts.rejected += 1
  note(call, name)
  return placed(named(name, `agent \`${call.label}\` (task ${call.task}): ${message}`, { __proto__: null, code: failure.code }), call.site)
}

// Which error a failure of an agent is, none if it is a `null`.
const errorOfFailure = (call, failure) => {
  if (failure.code === 'bad-schema') return 'WorkflowSchemaError'
  if (failure.kind === 'invalid-output' && call.schema !== undefined) return 'WorkflowSchemaError'
  if (failure.kind === 'timed-out') return 'WorkflowStallError'
  if (failure.code === 'isolation') return 'WorkflowIsolationError'
  return null
}

const causeOf = (failure) => (failure.kind === 'cancelled' ? 'cancelled' : failure.code)

// What a script sees of an end.
const valueOfEnd = (call, end) => {
  const failure = end.failure
  if (failure === null) {
    const value = parseJson(end.output)
    if (value === '' && call.schema === undefined) return nothing(call, 'empty-output', 'its final text is empty')
    counts.ok += 1
    note(call, 'ok')
    return value
  }
  const name = errorOfFailure(call, failure)
  if (name === null) return nothing(call, causeOf(failure), failure.message)
  const tries = name === 'WorkflowSchemaError' && failure.code === 'schema' ? `; tries made: ${rules.schemaAttempts}` : ''
  throw failedCall(call, name, `${failure.message}${tries}`, failure)
}

offer('agent', function agent(prompt, opts) {
  return startAgent(agent, prompt, opts, valueOfEnd)
})
