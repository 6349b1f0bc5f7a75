// phase, log, args, budget, workflow

offer('phase', function phase(title) {
  host.phase(toWellFormed(lineOf(title)))
})

offer('log', function log(...values) {
  host.log('info', toWellFormed(linesOf(values)))
})

offer('args', rules.args === undefined ? undefined : parseJson(rules.args))

const spent = () => spentTokens
const remaining = () => (budgetTotal === null ? Infinity : max(0, budgetTotal - spentTokens))
offer('budget', freeze({ total: budgetTotal, spent: { spent() { return spent() } }.spent, remaining: { remaining() { return remaining() } }.remaining }))

// Name of a workflow as the host takes it: a path is `file:` and the path as it was written.
const workflowName = (nameOrRef) => {
  if (typeof nameOrRef === 'string') return toWellFormed(nameOrRef)
  const path = isObject(nameOrRef) ? nameOrRef.scriptPath : undefined
  if (typeof path === 'string') return `file:${toWellFormed(path)}`
  throw new NativeTypeError(`workflow() expects a name or { scriptPath }, got ${kindOf(nameOrRef)}`)
}

// The error that the failure of a nested workflow becomes.
const errorOfWorkflow = (name, task, failure) => {
  const detail = failure.detail
  const facts = { __proto__: null, code: failure.code }
  if (failure.code === 'script-refused') {
    const first = detail.errors?.[0] ?? detail
    facts.file = detail.path
    facts.line = first.line
    facts.column = first.column
    const frame = typeof first.frame === 'string' ? `\n${first.frame}` : ''
    return named('WorkflowScriptError', `workflow \`${name}\` does not start: ${failure.message}${frame}`, facts)
  }
  if (failure.kind === 'failed' && typeof detail.name === 'string' && typeof detail.message === 'string') {
    const error = named(detail.name, detail.message, facts)
    const { path, line, column, frame } = detail
    weakSet(children, error, { __proto__: null, name, task, path: line === undefined ? undefined : path, line, column, frame })
    return error
  }
  if (failure.kind === 'timed-out') return named('WorkflowStallError', `workflow \`${name}\` (task ${task}): ${failure.message}`, facts)
  return named('Error', `workflow \`${name}\` (task ${task}) ended without a result: ${failure.code}: ${failure.message}`, facts)
}

offer('workflow', function workflow(nameOrRef, input) {
  const made = deferred()
  try {
    const site = callSite(workflow)
    const name = workflowName(nameOrRef)
    let text
    if (input !== undefined) {
      try {
        text = jsonOf(input, 'args')
      } catch (error) {
        if (!(error instanceof NotJson)) throw error
        throw new NativeTypeError(`workflow() expects args as JSON: ${error.path} is ${error.problem}`)
      }
    }
    if (rules.depth >= rules.nesting) {
      throw named('WorkflowNestingError', `workflow() may be nested ${rules.nesting} deep, and this script is at that depth already`)
    }
    const options = { __proto__: null, label: name }
    if (text === undefined) options.absent = true
    admit(`workflow \`${name}\``)
    const answer = host.spawnWorkflow(name, text ?? 'null', stringifyJson(options))
    if (typeof answer !== 'number') {
      const refusal = parseJson(answer)
      if (refusal.kind === 'not-found') throw named('WorkflowNotFoundError', `workflow(): ${refusal.message}. A script can start what it names literally and what \`meta.baton.workflows\` lists, if it was found when the run began.`, { __proto__: null, code: refusal.code })
      throw refused(`workflow \`${name}\` was not started`, refusal)
    }
    const context = current
    counts.workflows += 1
    opened(answer, {
      __proto__: null,
      kind: 'workflow',
      label: name,
      settle(end) {
        spend(end.usage, context)
        countAgents(context, end.usage.agents)
        if (end.failure === null) made.resolve(parseJson(end.output))
        else made.reject(placed(errorOfWorkflow(name, answer, end.failure), site))
      },
    })
  } catch (error) {
    made.reject(error)
  }
  return made.promise
})
