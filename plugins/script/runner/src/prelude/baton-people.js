// baton: asking people, and hearing from them

const GATE_OPTIONS = ['choices', 'schema', 'details', 'deadlineMs', 'default', 'label', 'phase']

// A value of an option as plain JSON.
const plainArgument = (what, value) => {
  try {
    return parseJson(jsonOf(value, what))
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    throw new NativeTypeError(`baton.gate() expects ${what} as JSON: ${error.path} is ${error.problem}`)
  }
}

// The options of a gate, as the host takes them.
const gateOptions = (own) => {
  const { choices, schema, details, deadlineMs, default: answer, label, phase } = own
  const options = { __proto__: null }
  if (given(label)) options.label = toWellFormed(lineOf(label))
  if (given(phase)) options.phase = toWellFormed(lineOf(phase))
  if (given(choices)) options.choices = textsArgument('baton.gate() expects choices', choices)
  if (given(details)) options.details = stringArgument('baton.gate() expects details', details)
  if (given(deadlineMs)) options.deadline_ms = timeoutArgument('baton.gate() expects deadlineMs', deadlineMs)
  if (given(answer)) options.default = plainArgument('default', answer)
  if (given(schema)) {
    if (typeof schema !== 'object' || isArray(schema)) throw new NativeTypeError(`baton.gate() expects schema as an object, got ${kindOf(schema)}`)
    options.schema = plainArgument('schema', schema)
  }
  return options
}

const gateError = (message, facts) => named('BatonGateError', message, { __proto__: null, kind: facts.kind, code: facts.code, task: facts.task })

const gate = (question, opts) => {
  const made = deferred()
  try {
    const site = callSite(gate)
    const text = stringArgument('baton.gate() expects the question', question)
    const options = gateOptions(optionsArgument('baton.gate()', opts, GATE_OPTIONS))
    const label = options.label ?? host.label(text)
    const what = `gate \`${label}\``
    const answer = host.askGate(text, stringifyJson(options))
    if (typeof answer !== 'number') {
      const refusal = parseJson(answer)
      counts.refused += 1
      throw gateError(`${what} was not opened: ${wordsOf(refusal)}`, refusal)
    }
    counts.gates += 1
    opened(answer, {
      __proto__: null,
      kind: 'gate',
      label,
      settle(end) {
        if (end.failure === null) {
          made.resolve(parseJson(end.output))
          return
        }
        const { kind, code, message } = end.failure
        made.reject(placed(gateError(`${what} (task ${answer}): ${message} (${code})`, { __proto__: null, kind, code, task: answer }), site))
      },
    })
  } catch (error) {
    made.reject(error)
  }
  return made.promise
}

// Messages that nobody has taken, and whoever waits for one, oldest first: `heardFrom` and
// `hearersFrom` are where the lists begin.
const heard = listOf()
let heardFrom = 0
const hearers = listOf()
let hearersFrom = 0
let listening = false

const listen = () => {
  if (listening) return
  listening = true
  host.listen()
}

const nextMessage = () => {
  listen()
  if (heardFrom < heard.length) {
    const message = heard[heardFrom]
    heard[heardFrom] = undefined
    heardFrom += 1
    return resolved(message)
  }
  const made = deferred()
  push(hearers, made)
  return made.promise
}

// What `for await` goes through. It has no end of its own.
const messages = () => {
  listen()
  return {
    [NativeSymbol.asyncIterator]() {
      return this
    },
    next: () => then(nextMessage(), (value) => ({ value, done: false })),
    return: (value) => resolved({ value, done: true }),
  }
}

// A person has sent a message. Says whether the script takes messages.
const hear = (sender, text) => {
  const message = { sender, text }
  if (hearersFrom < hearers.length) {
    const made = hearers[hearersFrom]
    hearers[hearersFrom] = undefined
    hearersFrom += 1
    made.resolve(message)
  } else {
    // Kept for a script that begins to listen later.
    push(heard, message)
  }
  return listening
}

const awaitsMessage = () => hearersFrom < hearers.length
