// The global `baton`, for runs that allow extensions.

const FEATURES = [
  'agent', 'artifact', 'budget', 'converge', 'exec', 'gate', 'glob', 'handoff', 'limit', 'memo', 'messages',
  'nextMessage', 'now', 'opts.baton.backend', 'opts.baton.budget', 'opts.baton.ladder', 'opts.baton.maxToolCalls',
  'opts.baton.maxTurns', 'opts.baton.provider', 'opts.baton.stallMs', 'opts.baton.tier', 'opts.baton.timeoutMs',
  'opts.baton.tools', 'opts.baton.within', 'random', 'readJson', 'readText', 'retry', 'search', 'sleep', 'sleepUntil',
  'tool', 'tools', 'uuid', 'verify',
]

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
  named('tool', tool)
  named('exec', exec)
  named('tools', toolList)
  named('gate', gate)
  named('messages', messages)
  named('nextMessage', promised(nextMessage))
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
