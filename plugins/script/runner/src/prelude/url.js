// URL and URLSearchParams, over a parser of the host

const noUrl = (text) => new NativeTypeError(`Invalid URL: ${lineOf(text)}`)

const urlText = (value) => toWellFormed(typeof value === 'string' ? value : `${value}`)

class WorkflowURLSearchParams {
  #pairs = []
  #url = null

  constructor(init = '') {
    if (isObject(init)) {
      if (#pairs in init) {
        for (let i = 0; i < init.#pairs.length; i++) push(this.#pairs, [init.#pairs[i][0], init.#pairs[i][1]])
      } else if (typeof init[NativeSymbol.iterator] === 'function') {
        for (const pair of init) {
          const [name, value, ...more] = pair
          if (value === undefined || more.length > 0) throw new NativeTypeError('URLSearchParams expects pairs of a name and a value')
          push(this.#pairs, [urlText(name), urlText(value)])
        }
      } else {
        const keys = ownKeys(init)
        for (let i = 0; i < keys.length; i++) {
          if (typeof keys[i] === 'string' && isEnumerable(init, keys[i])) push(this.#pairs, [urlText(keys[i]), urlText(init[keys[i]])])
        }
      }
      return
    }
    const text = urlText(init)
    this.#pairs = parseJson(host.formParse(startsWith(text, '?') ? slice(text, 1) : text))
  }

  static of(url, query) {
    const params = new WorkflowURLSearchParams(query)
    params.#url = url
    return params
  }

  // The query of the URL has changed.
  static renew(params, query) {
    params.#pairs = parseJson(host.formParse(startsWith(query, '?') ? slice(query, 1) : query))
  }

  #changed() {
    if (this.#url !== null) this.#url(`${this}`)
  }

  get size() {
    return this.#pairs.length
  }
  append(name, value) {
    push(this.#pairs, [urlText(name), urlText(value)])
    this.#changed()
  }
  delete(name, value) {
    this.#keep((pair) => pair[0] !== urlText(name) || (value !== undefined && pair[1] !== urlText(value)))
    this.#changed()
  }
  #keep(test) {
    const kept = []
    for (let i = 0; i < this.#pairs.length; i++) if (test(this.#pairs[i])) push(kept, this.#pairs[i])
    this.#pairs = kept
  }
  get(name) {
    const wanted = urlText(name)
    for (let i = 0; i < this.#pairs.length; i++) if (this.#pairs[i][0] === wanted) return this.#pairs[i][1]
    return null
  }
  getAll(name) {
    const wanted = urlText(name)
    const values = []
    for (let i = 0; i < this.#pairs.length; i++) if (this.#pairs[i][0] === wanted) push(values, this.#pairs[i][1])
    return values
  }
  has(name, value) {
    const values = this.getAll(name)
    if (value === undefined) return values.length > 0
    return includes(values, urlText(value))
  }
  set(name, value) {
    const wanted = urlText(name)
    let found = false
    this.#keep((pair) => {
      if (pair[0] !== wanted) return true
      if (found) return false
      found = true
      pair[1] = urlText(value)
      return true
    })
    if (!found) push(this.#pairs, [wanted, urlText(value)])
    this.#changed()
  }
  sort() {
    sortArray(this.#pairs, (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    this.#changed()
  }
  forEach(callback, self) {
    for (let i = 0; i < this.#pairs.length; i++) apply(callback, self, [this.#pairs[i][1], this.#pairs[i][0], this])
  }
  *entries() {
    for (let i = 0; i < this.#pairs.length; i++) yield [this.#pairs[i][0], this.#pairs[i][1]]
  }
  *keys() {
    for (let i = 0; i < this.#pairs.length; i++) yield this.#pairs[i][0]
  }
  *values() {
    for (let i = 0; i < this.#pairs.length; i++) yield this.#pairs[i][1]
  }
  toString() {
    return host.formWrite(stringifyJson(this.#pairs))
  }
}
define(WorkflowURLSearchParams, 'name', 'URLSearchParams')
define(WorkflowURLSearchParams.prototype, NativeSymbol.iterator, WorkflowURLSearchParams.prototype.entries)
defineProperty(WorkflowURLSearchParams.prototype, NativeSymbol.toStringTag, { __proto__: null, value: 'URLSearchParams', configurable: true })

const paramsOf = WorkflowURLSearchParams.of
const renewParams = WorkflowURLSearchParams.renew
deleteProperty(WorkflowURLSearchParams, 'of')
deleteProperty(WorkflowURLSearchParams, 'renew')

class WorkflowURL {
  #parts
  #params

  constructor(input, base) {
    const text = host.urlParse(urlText(input), base === undefined ? undefined : urlText(base))
    if (text === undefined) throw noUrl(input)
    this.#parts = parseJson(text)
    this.#params = paramsOf((query) => this.#put('search', query), this.#parts.search)
  }

  static canParse(input, base) {
    return host.urlParse(urlText(input), base === undefined ? undefined : urlText(base)) !== undefined
  }
  static parse(input, base) {
    return WorkflowURL.canParse(input, base) ? new WorkflowURL(input, base) : null
  }

  #put(part, value) {
    this.#parts = parseJson(host.urlSet(this.#parts.href, part, urlText(value)))
  }

  get href() {
    return this.#parts.href
  }
  set href(value) {
    const text = host.urlParse(urlText(value), undefined)
    if (text === undefined) throw noUrl(value)
    this.#parts = parseJson(text)
    renewParams(this.#params, this.#parts.search)
  }
  get origin() {
    return this.#parts.origin
  }
  get searchParams() {
    return this.#params
  }
  get search() {
    return this.#parts.search
  }
  set search(value) {
    this.#put('search', value)
    renewParams(this.#params, this.#parts.search)
  }
  get protocol() {
    return this.#parts.protocol
  }
  set protocol(value) {
    this.#put('protocol', value)
  }
  get username() {
    return this.#parts.username
  }
  set username(value) {
    this.#put('username', value)
  }
  get password() {
    return this.#parts.password
  }
  set password(value) {
    this.#put('password', value)
  }
  get host() {
    return this.#parts.host
  }
  set host(value) {
    this.#put('host', value)
  }
  get hostname() {
    return this.#parts.hostname
  }
  set hostname(value) {
    this.#put('hostname', value)
  }
  get port() {
    return this.#parts.port
  }
  set port(value) {
    this.#put('port', value)
  }
  get pathname() {
    return this.#parts.pathname
  }
  set pathname(value) {
    this.#put('pathname', value)
  }
  get hash() {
    return this.#parts.hash
  }
  set hash(value) {
    this.#put('hash', value)
  }
  toString() {
    return this.#parts.href
  }
  toJSON() {
    return this.#parts.href
  }
}
define(WorkflowURL, 'name', 'URL')
defineProperty(WorkflowURL.prototype, NativeSymbol.toStringTag, { __proto__: null, value: 'URL', configurable: true })

offer('URL', WorkflowURL)
offer('URLSearchParams', WorkflowURLSearchParams)
