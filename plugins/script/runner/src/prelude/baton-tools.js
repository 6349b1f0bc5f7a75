// baton: tools and commands

const WITHIN = ['read', 'write', 'http', 'env', 'secrets', 'exec']
const CALL_OPTIONS = ['label', 'phase', 'timeoutMs', 'within']

// Strings of a list, by index.
const textsArgument = (what, value) => {
  if (!isArray(value)) throw new NativeTypeError(`${what} as an array of strings, got ${kindOf(value)}`)
  const texts = listOf()
  for (let i = 0; i < value.length; i++) push(texts, stringArgument(`${what}[${i}]`, value[i]))
  return texts
}

const timeoutArgument = (what, value) => {
  if (typeof value !== 'number' || !(value >= 1)) throw new NativeTypeError(`${what} as a number of milliseconds, got ${lineOf(value)}`)
  return floor(min(value, 9e15))
}

// What narrows a tool, as the host takes it.
const withinArgument = (what, value) => {
  const own = optionsArgument(what, value, WITHIN)
  const within = { __proto__: null }
  for (let i = 0; i < WITHIN.length; i++) {
    const patterns = own[WITHIN[i]]
    if (patterns !== undefined && patterns !== null) within[WITHIN[i]] = textsArgument(`${what} expects ${WITHIN[i]}`, patterns)
  }
  return within
}

// The options of a call, as the host takes them.
const callOptions = (what, own, label) => {
  const { label: given, phase, timeoutMs, within } = own
  const options = { __proto__: null, label: given === undefined || given === null ? label : toWellFormed(lineOf(given)) }
  if (phase !== undefined && phase !== null) options.phase = toWellFormed(lineOf(phase))
  if (timeoutMs !== undefined && timeoutMs !== null) options.timeout_ms = timeoutArgument(`${what} expects timeoutMs`, timeoutMs)
  if (within !== undefined && within !== null) options.within = withinArgument(`${what}, within`, within)
  return options
}

const toolError = (what, tool, facts) =>
  named('BatonToolError', `${what}: ${facts.message}`, { __proto__: null, tool, kind: facts.kind, code: facts.code, detail: facts.detail, task: facts.task })

// Starts a call of the tool `name`; `input` is JSON text.
const startTool = (self, name, input, options) => {
  const made = deferred()
  const site = callSite(self)
  const what = `tool \`${options.label}\``
  const answer = host.spawnTool(name, input, stringifyJson(options))
  if (typeof answer !== 'number') {
    const refusal = parseJson(answer)
    if (refusal.kind === 'budget') throw refused(`${what} was not started`, refusal)
    counts.refused += 1
    throw toolError(`${what} was not started`, name, { __proto__: null, kind: refusal.kind, code: refusal.code, message: wordsOf(refusal) })
  }
  const context = current
  counts.tools += 1
  opened(answer, {
    __proto__: null,
    kind: 'tool',
    label: options.label,
    settle(end) {
      spend(end.usage, context)
      if (end.failure === null) {
        made.resolve(parseJson(end.output))
        return
      }
      const { kind, code, message, detail } = end.failure
      const facts = { __proto__: null, kind, code, message: `${message} (${code})`, detail, task: answer }
      made.reject(placed(toolError(`${what} (task ${answer})`, name, facts), site))
    },
  })
  return made.promise
}

const tool = (name, input, opts) => {
  try {
    const full = stringArgument('baton.tool() expects the name', name)
    const own = optionsArgument('baton.tool()', opts, CALL_OPTIONS)
    let text
    try {
      text = jsonOf(input, 'input') ?? '{}'
    } catch (error) {
      if (!(error instanceof NotJson)) throw error
      throw new NativeTypeError(`baton.tool() expects the input as JSON: ${error.path} is ${error.problem}`)
    }
    return startTool(tool, full, text, callOptions('baton.tool()', own, host.label(full)))
  } catch (error) {
    return rejected(error)
  }
}

const EXEC_OPTIONS = ['cwd', 'stdin', ...CALL_OPTIONS]

const exec = (argv, opts) => {
  try {
    const own = optionsArgument('baton.exec()', opts, EXEC_OPTIONS)
    const input = { __proto__: null, argv: textsArgument('baton.exec() expects argv', argv) }
    const { cwd, stdin } = own
    if (cwd !== undefined && cwd !== null) input.cwd = stringArgument('baton.exec() expects cwd', cwd)
    if (stdin !== undefined && stdin !== null) input.stdin = stringArgument('baton.exec() expects stdin', stdin)
    return startTool(exec, 'exec', stringifyJson(input), callOptions('baton.exec()', own, host.label(join(input.argv, ' '))))
  } catch (error) {
    return rejected(error)
  }
}

const toolList = () => parseJson(host.tools())
