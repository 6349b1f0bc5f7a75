// What the runner calls.

// The main function of the script is called once; its promise decides how the run ends.
const main = { __proto__: null, state: 'pending', value: undefined }

const begin = (outer) => {
  let promise
  try {
    const body = apply(outer, undefined, [awaiting, eachOf])
    promise = resolved(apply(body, undefined, listOf()))
  } catch (error) {
    main.state = 'rejected'
    main.value = error
    return
  }
  then(promise, (value) => {
    main.state = 'fulfilled'
    main.value = value
  }, (error) => {
    main.state = 'rejected'
    main.value = error
  })
}

// A task has ended.
const settle = (task, output, failure, extra, agents, input_tokens, output_tokens, cached_tokens, cost_micro_usd) => {
  const record = mapGet(open, task)
  if (record === undefined) return
  mapDelete(open, task)
  openCount -= 1
  record.settle({
    __proto__: null,
    output,
    failure: failure === undefined ? null : parseJson(failure),
    usage: { __proto__: null, agents, input_tokens, output_tokens, cached_tokens, cost_micro_usd },
    extra,
  })
}

let unfit = null

// The result as JSON text; nothing if it is none.
const finish = () => {
  try {
    return jsonOf(main.value, 'result') ?? 'null'
  } catch (error) {
    unfit = error
    return undefined
  }
}

// Why the result is not JSON.
const unfitness = () => {
  if (unfit instanceof NotJson) return stringifyJson({ __proto__: null, path: unfit.path, problem: unfit.problem })
  return stringifyJson({ __proto__: null, path: 'result', problem: `a value whose conversion throws ${toWellFormed(thrownOf(unfit))}` })
}

const MESSAGE_CHARACTERS = 8192

// Everything about an error that ended the script.
const describe = (error) => {
  const facts = { __proto__: null }
  const own = isError(error)
  facts.name = (own ? textOf(error, 'name') : undefined) ?? 'Error'
  facts.message = own ? (textOf(error, 'message') ?? '') : `the script threw ${typeof error === 'string' ? stringifyJson(error) : lineOf(error)}`
  facts.stack = rawStackOf(error)
  facts.workflow = own ? weakGet(children, error) : undefined
  facts.name = toWellFormed(slice(facts.name, 0, 256))
  facts.message = toWellFormed(slice(facts.message, 0, MESSAGE_CHARACTERS))
  facts.stack = toWellFormed(facts.stack)
  const call = own ? weakGet(callOfError, error) : undefined
  if (facts.workflow !== undefined) facts.agent = undefined
  else if (call !== undefined) facts.agent = { __proto__: null, task: call.task, label: call.label, outcome: facts.name }
  else facts.agent = testRegExp(/\bnull\b/, facts.message) ? (lastNull ?? lastOutcome) : lastOutcome
  return stringifyJson(facts)
}

// The counts, the calls that are open, and what the script says of itself.
const summary = () => {
  const causes = listOf()
  mapForEach(nulls, (count, cause) => push(causes, { __proto__: null, cause, count }))
  const tasks = listOf()
  mapForEach(open, (record, task) => {
    if (record.kind !== 'timer') push(tasks, { __proto__: null, task, kind: record.kind, label: record.label })
  })
  return stringifyJson({ __proto__: null, ...counts, nulls: causes, open: tasks, ...said })
}

return {
  __proto__: null,
  begin,
  settle,
  finish,
  unfitness,
  summary,
  state: () => main.state,
  failure: () => describe(main.value),
  pending: () => stringifyJson(pendingAwaits()),
  waits: () => openCount > 0 || awaitsMessage(),
  hear,
  rejection,
  tellOrphans,
}
