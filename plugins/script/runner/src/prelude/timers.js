// setTimeout and clearTimeout, over durable timers of the host

const milliseconds = (value) => {
  const number = +value
  return number > 0 ? floor(number) : 0
}

const startTimer = (what, ms, fire) => {
  const answer = host.sleep(ms)
  if (typeof answer !== 'number') throw refused(`${what} was not started`, parseJson(answer))
  opened(answer, {
    __proto__: null,
    kind: 'timer',
    label: what,
    settle(end) {
      // A timer that was cleared ends as cancelled.
      if (end.failure === null) fire()
    },
  })
  return answer
}

offer('setTimeout', function setTimeout(callback, delay, ...values) {
  if (typeof callback !== 'function') throw new NativeTypeError(`setTimeout() expects a function, got ${kindOf(callback)}`)
  const context = current
  return startTimer('a timer', milliseconds(delay), () => {
    try {
      within(context, callback, undefined, values)
    } catch (error) {
      unhandled(error, 'a timer')
    }
  })
})

offer('clearTimeout', function clearTimeout(id) {
  if (typeof id === 'number' && mapHas(open, id) && mapGet(open, id).kind === 'timer') host.cancel(id)
})
