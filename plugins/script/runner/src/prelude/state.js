// What the prelude keeps about the run.

// For the summary: what became of the calls.
const counts = { __proto__: null, agents: 0, ok: 0, refused: 0, rejected: 0, swallowed: 0, workflows: 0, tools: 0, gates: 0 }
// Agents that gave `null`, by cause, in the order in which the causes first came up.
const nulls = new NativeMap()

const budgetTotal = rules.budgetTokens
let spentTokens = rules.budgetSpent

// Open tasks by number: `{ kind, label, settle(end) }`.
const open = new NativeMap()
let openCount = 0

const opened = (task, record) => {
  openCount += 1
  mapSet(open, task, record)
}

// For an uncaught error: the last outcome that reached the script, the last `null` among them, and
// the calls whose rejections are on their way.
let lastOutcome = null
let lastNull = null
const callOfError = new NativeWeakMap()

const warn = (line) => host.log('warn', toWellFormed(line))

// What the script says of its own result, see `baton.handoff` and `baton.artifact`.
const said = { __proto__: null, summary: undefined, evidence: listOf(), followUps: listOf(), artifacts: listOf() }

// Text of the stack where a function of the dialect was called, from its caller on.
const callSite = (f) => {
  const holder = { __proto__: null }
  captureStackTrace(holder, f)
  return holder.stack
}

// Sub-budgets, innermost first; `null` outside of all. Only extensions make any.
const admit = (what) => {
  for (let at = current; at !== null; at = at.outer) {
    const over = at.over()
    if (over === null) continue
    counts.refused += 1
    throw named('WorkflowBudgetExceededError', `${what} was not started: ${over}. Finished results are kept.`, { __proto__: null, code: 'budget' })
  }
}

const countAgents = (context, agents) => {
  for (let at = context; at !== null; at = at.outer) at.agents += agents
}

// What a task consumed.
const spend = (usage, context) => {
  spentTokens += usage.output_tokens
  for (let at = context; at !== null; at = at.outer) {
    at.tokens += usage.input_tokens + usage.output_tokens
    at.outputTokens += usage.output_tokens
  }
}

// Rejected promises that nobody has looked at so far, with what they were rejected with.
const orphans = new NativeMap()
const ORPHANS_SHOWN = 20

const rejection = (promise, reason, handled) => {
  if (handled) mapDelete(orphans, promise)
  else mapSet(orphans, promise, reason)
}

// Writes down the rejections that nobody handled.
const tellOrphans = () => {
  let told = 0
  mapForEach(orphans, (reason) => {
    told += 1
    if (told <= ORPHANS_SHOWN) host.log('warn', toWellFormed(`a rejection nobody handled: ${thrownOf(reason)}${placeIn(reason)}`))
  })
  if (told > ORPHANS_SHOWN) host.log('warn', `${told - ORPHANS_SHOWN} more rejections nobody handled`)
}
