// baton: what performs an agent, and what it may consume (`opts.baton` of `agent()`)

const AGENT_EXTENSIONS = [
  'backend', 'budget', 'ladder', 'maxToolCalls', 'maxTurns', 'provider', 'stallMs', 'tier', 'timeoutMs', 'tools', 'within',
]
// Backends that are no providers of models, and have no `:` in their names either.
const CODING_AGENTS = ['claude', 'codex', 'gemini-cli']
const AGENT_AMOUNTS = ['tokens', 'outputTokens', 'costUsd']
const RUNGS_MAX = 8

const given = (value) => value !== undefined && value !== null

const amountsArgument = (what, value) => {
  const own = optionsArgument(what, value, AGENT_AMOUNTS)
  const { tokens, outputTokens, costUsd } = own
  const amounts = { __proto__: null }
  if (given(tokens)) amounts.tokens = countArgument(`${what} expects tokens`, tokens)
  if (given(outputTokens)) amounts.output_tokens = countArgument(`${what} expects outputTokens`, outputTokens)
  if (given(costUsd)) {
    if (typeof costUsd !== 'number' || !(costUsd >= 0 && costUsd < 1e9)) throw new NativeTypeError(`${what} expects costUsd as a number of dollars, got ${lineOf(costUsd)}`)
    amounts.cost_usd = costUsd
  }
  return amounts
}

// What a step of a ladder must pass: `{ tool, input? }` or `{ challenger, prompt }`.
const ladderCheck = (what, value) => {
  const own = optionsArgument(what, value, ['tool', 'input', 'challenger', 'prompt'])
  const { tool: name, input, challenger, prompt } = own
  if (given(name) === given(challenger)) throw new NativeTypeError(`${what} expects either tool or challenger`)
  if (given(challenger)) {
    if (given(input)) throw new NativeTypeError(`${what} expects no input beside challenger`)
    const model = stringArgument(`${what} expects challenger`, challenger)
    return { __proto__: null, challenger: { __proto__: null, model, prompt: stringArgument(`${what} expects prompt`, prompt) } }
  }
  if (given(prompt)) throw new NativeTypeError(`${what} expects no prompt beside tool`)
  const check = { __proto__: null, name: stringArgument(`${what} expects tool`, name) }
  if (given(input)) {
    if (typeof input !== 'object' || isArray(input)) throw new NativeTypeError(`${what} expects input as an object, got ${kindOf(input)}`)
    try {
      check.input = parseJson(jsonOf(input, 'input') ?? '{}')
    } catch (error) {
      if (!(error instanceof NotJson)) throw error
      throw new NativeTypeError(`${what} expects the input as JSON: ${error.path} is ${error.problem}`)
    }
  }
  return { __proto__: null, tool: check }
}

// A ladder is a list of tiers or models, the cheapest first, or an object with such a list.
const ladderArgument = (what, value) => {
  const own = isArray(value) ? { rungs: value } : optionsArgument(what, value, ['rungs', 'check'])
  const { rungs, check } = own
  const ladder = { __proto__: null, rungs: textsArgument(`${what} expects rungs`, rungs) }
  const count = ladder.rungs.length
  if (count < 1 || count > RUNGS_MAX) throw new NativeTypeError(`${what} expects 1 to ${RUNGS_MAX} rungs, got ${count}`)
  if (given(check)) ladder.check = ladderCheck(`${what}.check`, check)
  return ladder
}

// Reads `opts.baton` into the options of a call.
const readExtensions = (extensions, options) => {
  if (!given(extensions)) return
  if (typeof extensions !== 'object' || isArray(extensions)) throw new NativeTypeError(`agent() expects opts.baton as an object, got ${kindOf(extensions)}`)
  const what = 'agent(), opts.baton'
  const own = optionsArgument(what, extensions, AGENT_EXTENSIONS)
  const { backend, budget, ladder, maxToolCalls, maxTurns, provider, stallMs, tier, timeoutMs, tools, within } = own
  if (given(provider)) {
    const name = stringArgument('agent() expects opts.baton.provider', provider)
    if (indexOf(name, ':') >= 0 || includes(CODING_AGENTS, name)) options.backend = name
    else options.provider = name
  }
  if (given(backend)) options.backend = stringArgument('agent() expects opts.baton.backend', backend)
  if (given(tier)) options.model = stringArgument('agent() expects opts.baton.tier', tier)
  if (given(ladder)) options.ladder = ladderArgument(`${what}.ladder`, ladder)
  if (given(budget)) options.budget = amountsArgument(`${what}.budget`, budget)
  if (given(maxTurns)) options.max_turns = smallCount('agent() expects opts.baton.maxTurns', maxTurns)
  if (given(maxToolCalls)) options.max_tool_calls = smallCount('agent() expects opts.baton.maxToolCalls', maxToolCalls)
  if (given(stallMs)) options.stall_ms = timeoutArgument('agent() expects opts.baton.stallMs', stallMs)
  if (given(timeoutMs)) options.timeout_ms = timeoutArgument('agent() expects opts.baton.timeoutMs', timeoutMs)
  if (given(tools)) options.tools = textsArgument('agent() expects opts.baton.tools', tools)
  if (given(within)) options.within = withinArgument(`${what}.within`, within)
}

// A count that the host keeps in 32 bits.
const smallCount = (what, value) => min(countArgument(what, value), 0xffffffff)
