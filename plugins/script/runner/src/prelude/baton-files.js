// baton: reading files, and what a run keeps

// An answer of the host that is JSON text: `{ ok }` or `{ error }`.
const fileAnswer = (what, text) => {
  const answer = parseJson(text)
  if (answer.error !== undefined) throw named('BatonFileError', `${what}: ${answer.error.message}`, { __proto__: null, kind: answer.error.kind, code: answer.error.code })
  return answer.ok
}

const readText = (path) => {
  const text = host.readText(stringArgument('baton.readText() expects the path', path))
  return fileAnswer('baton.readText()', text)
}

const readJson = (path) => {
  const text = fileAnswer('baton.readJson()', host.readText(stringArgument('baton.readJson() expects the path', path)))
  try {
    return parseJson(text)
  } catch (error) {
    throw named('BatonFileError', `baton.readJson(): ${path} is not JSON: ${headOf(error)}`, { __proto__: null, kind: 'invalid', code: 'not-json' })
  }
}

const SELECTION = ['exclude', 'ignored', 'hidden', 'limit']

const selectionOptions = (options) =>
  stringifyJson({ __proto__: null, ignored: options.ignored, hidden: options.hidden, directories: options.directories, limit: options.limit })

const glob = (include, options) => {
  const own = optionsArgument('baton.glob()', options, ['directories', ...SELECTION])
  const chosen = { __proto__: null, include: patterns('baton.glob()', include), exclude: patterns('baton.glob()', own.exclude), options: selectionOptions(own) }
  const answer = fileAnswer('baton.glob()', host.list(stringifyJson(chosen)))
  if (answer.truncated && own.limit === undefined) warn(`baton.glob(): cut at ${answer.paths.length} entries`)
  return answer.paths
}

const search = (pattern, options) => {
  const own = optionsArgument('baton.search()', options, ['include', ...SELECTION])
  const chosen = { __proto__: null, include: patterns('baton.search()', own.include), exclude: patterns('baton.search()', own.exclude), options: selectionOptions(own) }
  const answer = fileAnswer('baton.search()', host.search(stringArgument('baton.search() expects the pattern', pattern), stringifyJson(chosen)))
  if (answer.truncated && own.limit === undefined) warn(`baton.search(): cut at ${answer.matches.length} matches`)
  return answer.matches
}

const artifact = (name, data, options) => {
  const own = optionsArgument('baton.artifact()', options, ['mediaType'])
  let bytes
  let mediaType
  if (typeof data === 'string') {
    bytes = host.utf8Encode(toWellFormed(data))
    mediaType = 'text/plain; charset=utf-8'
  } else if (isObject(data) && (isView(data) || tagOf(data) === '[object ArrayBuffer]')) {
    bytes = bytesOf('baton.artifact()', data)
    mediaType = 'application/octet-stream'
  } else {
    const text = jsonOf(data, 'data')
    if (text === undefined) throw new NativeTypeError('baton.artifact() expects text, bytes or JSON, got undefined')
    bytes = host.utf8Encode(text)
    mediaType = 'application/json'
  }
  if (own.mediaType !== undefined) mediaType = stringArgument('baton.artifact() expects mediaType', own.mediaType)
  const title = stringArgument('baton.artifact() expects the name', name)
  const answer = parseJson(host.artifact(title, mediaType, bytes))
  if (answer.error !== undefined) throw named('Error', `baton.artifact(): ${answer.error}`)
  push(said.artifacts, { __proto__: null, name: title, mediaType, digest: answer.ok, size: bytes.length })
  return { id: answer.ok, sha256: slice(answer.ok, 7) }
}

const readEvidence = (list) => {
  if (!isArray(list)) throw new NativeTypeError(`baton.handoff() expects evidence as an array, got ${kindOf(list)}`)
  const read = listOf()
  for (let i = 0; i < list.length; i++) {
    const { path, lines, digest, claim } = list[i]
    const at = `baton.handoff() expects evidence[${i}]`
    const entry = { __proto__: null, path: stringArgument(`${at}.path`, path), claim: stringArgument(`${at}.claim`, claim) }
    if (digest !== undefined && digest !== null) entry.digest = stringArgument(`${at}.digest`, digest)
    if (lines !== undefined && lines !== null) {
      entry.lines = { __proto__: null, first: countArgument(`${at}.lines.first`, lines.first), last: countArgument(`${at}.lines.last`, lines.last) }
    }
    push(read, entry)
  }
  return read
}

const handoff = (value, schema) => {
  const text = jsonOf(value, 'value')
  if (schema !== undefined && schema !== null) {
    const problems = problemsOf(parseJson(jsonOf(schema, 'schema') ?? 'null'), parseJson(text ?? 'null'))
    if (problems.length > 0) throw named('WorkflowSchemaError', `baton.handoff(): the value does not fit its schema: ${join(problems, '; ')}`)
  }
  if (isObject(value) && !isArray(value)) {
    if (typeof value.summary === 'string') said.summary = toWellFormed(value.summary)
    if (value.evidence !== undefined) said.evidence = readEvidence(value.evidence)
    if (isArray(value.followUps)) {
      const list = listOf()
      for (let i = 0; i < value.followUps.length; i++) push(list, stringArgument(`baton.handoff() expects followUps[${i}]`, value.followUps[i]))
      said.followUps = list
    }
  }
  return value
}
