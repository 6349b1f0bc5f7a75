// The errors a script can see. They are plain errors with a name of their own.

const named = (name, message, facts) => {
  const error = new NativeError(message)
  define(error, 'name', name)
  if (facts !== undefined) {
    const keys = ownKeys(facts)
    for (let i = 0; i < keys.length; i++) {
      if (facts[keys[i]] !== undefined) define(error, keys[i], facts[keys[i]])
    }
  }
  return error
}

// What a value is, in a few words, for messages about wrong arguments.
const kindOf = (value) => {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object') return `a ${typeof value}`
  return isPromise(value) ? 'a promise' : 'an object'
}

const isPromise = (value) => {
  try {
    return isObject(value) && typeof value.then === 'function'
  } catch {
    return false
  }
}

// Words of a refusal of the host: what, and what to do about it.
const wordsOf = (refusal) => (refusal.hint === '' ? refusal.message : `${refusal.message} (${refusal.hint})`)

// The error that a refusal of the host becomes.
const refused = (what, refusal) => {
  const words = wordsOf(refusal)
  const facts = { __proto__: null, code: refusal.code }
  counts.refused += 1
  if (refusal.kind === 'budget') {
    const total = budgetTotal === null ? '' : ` of ${budgetTotal} output tokens`
    const spent = `${spentTokens} output tokens are spent${total}`
    return named('WorkflowBudgetExceededError', `${what}: the budget is used up: ${words}; ${spent}. Finished results are kept.`, facts)
  }
  if (refusal.code === 'run.agents') {
    return named('WorkflowAgentCapError', `${what}: ${words}. The cap counts all agents of the run, those of nested workflows included; finished results are kept.`, facts)
  }
  if (refusal.code === 'unknown-agent-type') return named('WorkflowAgentTypeError', `${what}: ${words}`, facts)
  if (refusal.code === 'isolation') return named('WorkflowIsolationError', `${what}: ${words}. Nothing was run in place.`, facts)
  if (refusal.code === 'bad-schema' || refusal.code === 'schema') return named('WorkflowSchemaError', `${what}: ${words}`, facts)
  return named('Error', `${what}: ${words}`, facts)
}
