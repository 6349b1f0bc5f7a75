// Schemas that nothing can satisfy are found before an agent is started.

const schemaError = (message) => named('WorkflowSchemaError', `agent(): opts.schema: ${message}; nothing was started`)

// Texts of schemas that were found good: most scripts use one schema many times.
const goodSchemas = new NativeSet()
const GOOD_SCHEMAS_MAX = 256
let goodSchemaCount = 0

// JSON text of a schema that was looked at.
const schemaText = (schema) => {
  let text
  try {
    text = stringifyJson(schema)
  } catch (error) {
    throw schemaError(`is not JSON: ${thrownOf(error)}`)
  }
  if (text === undefined) throw schemaError(`expected a JSON Schema object, got ${kindOf(schema)}`)
  if (setHas(goodSchemas, text)) return text
  const plain = parseJson(text)
  if (!isSchemaObject(plain)) throw schemaError(`expected a JSON Schema object, got ${kindOf(schema)}`)
  const problem = topProblem(plain) ?? contradiction(plain, '#')
  if (problem !== null) throw schemaError(problem)
  if (goodSchemaCount < GOOD_SCHEMAS_MAX) {
    goodSchemaCount += 1
    setAdd(goodSchemas, text)
  }
  return text
}

const includes = (list, value) => {
  for (let i = 0; i < list.length; i++) if (list[i] === value) return true
  return false
}

const typesOf = (schema) => {
  if (typeof schema.type === 'string') return [schema.type]
  return isArray(schema.type) ? schema.type : null
}

const topProblem = (schema) => {
  const types = typesOf(schema)
  const hint = 'the top of a schema must be an object: wrap other values, such as { type: "object", properties: { items: … }, required: ["items"] }'
  if (types !== null && !includes(types, 'object')) return `# has type ${stringifyJson(schema.type)}; ${hint}`
  const allowed = hasOwn(schema, 'const') ? [schema.const] : schema.enum
  if (isArray(allowed) && allowed.length > 0) {
    for (let i = 0; i < allowed.length; i++) if (typeJsonOf(allowed[i]) === 'object') return null
    return `# allows no object; ${hint}`
  }
  return null
}

const typeJsonOf = (value) => {
  if (value === null) return 'null'
  if (isArray(value)) return 'array'
  return typeof value
}

const isOfTypes = (value, types) => {
  const type = typeJsonOf(value)
  return includes(types, type) || (isInteger(value) && includes(types, 'integer'))
}

const isSchemaObject = (value) => typeof value === 'object' && value !== null && !isArray(value)

// Lower and upper bounds that must leave something between them.
const BOUNDS = [
  ['minimum', 'maximum'],
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
  ['minProperties', 'maxProperties'],
  ['minContains', 'maxContains'],
]

const boundProblem = (schema, at) => {
  for (let i = 0; i < BOUNDS.length; i++) {
    const low = schema[BOUNDS[i][0]]
    const high = schema[BOUNDS[i][1]]
    if (typeof low === 'number' && typeof high === 'number' && low > high) {
      return `${at}: ${BOUNDS[i][0]} ${low} is greater than ${BOUNDS[i][1]} ${high}`
    }
  }
  const above = schema.exclusiveMinimum
  const below = schema.exclusiveMaximum
  if (typeof above === 'number' && typeof below === 'number' && above >= below) return `${at}: nothing is greater than exclusiveMinimum ${above} and less than exclusiveMaximum ${below}`
  if (typeof above === 'number' && typeof schema.maximum === 'number' && above >= schema.maximum) return `${at}: nothing is greater than exclusiveMinimum ${above} and at most maximum ${schema.maximum}`
  if (typeof below === 'number' && typeof schema.minimum === 'number' && schema.minimum >= below) return `${at}: nothing is at least minimum ${schema.minimum} and less than exclusiveMaximum ${below}`
  return null
}

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']
const SIZES = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'minContains', 'maxContains']

// Keywords that are written wrong would be refused when the call is under way.
const shapeProblem = (schema, at) => {
  const types = typesOf(schema)
  if (types === null && schema.type !== undefined) return `${at}: type is ${stringifyJson(schema.type)}`
  for (let i = 0; types !== null && i < types.length; i++) {
    if (!includes(TYPES, types[i])) return `${at}: there is no type ${stringifyJson(types[i])}; there are ${join(TYPES, ', ')}`
  }
  for (let i = 0; i < GROUPS.length; i++) {
    if (schema[GROUPS[i]] !== undefined && !isSchemaObject(schema[GROUPS[i]])) return `${at}: ${GROUPS[i]} is not an object`
  }
  for (let i = 0; i < NUMBERS.length; i++) {
    const limit = schema[NUMBERS[i]]
    // Draft 4 had booleans here.
    if (limit !== undefined && typeof limit !== 'number' && typeof limit !== 'boolean') return `${at}: ${NUMBERS[i]} is not a number`
  }
  for (let i = 0; i < SIZES.length; i++) {
    const limit = schema[SIZES[i]]
    if (limit !== undefined && !(isInteger(limit) && limit >= 0)) return `${at}: ${SIZES[i]} is not a whole number from 0`
  }
  if (schema.enum !== undefined && !isArray(schema.enum)) return `${at}: enum is not a list`
  if (schema.pattern !== undefined && typeof schema.pattern !== 'string') return `${at}: pattern is not a string`
  const { required } = schema
  // Draft 3 had a boolean here.
  if (required !== undefined && typeof required !== 'boolean' && !isArray(required)) return `${at}: required is not a list`
  for (let i = 0; isArray(required) && i < required.length; i++) {
    if (typeof required[i] !== 'string') return `${at}: required names ${stringifyJson(required[i])}, which is not a string`
  }
  return null
}

const valueProblem = (schema, at) => {
  const types = typesOf(schema)
  if (types !== null && types.length === 0) return `${at}: type is empty`
  const values = schema.enum
  if (isArray(values)) {
    if (values.length === 0) return `${at}: enum is empty`
    let fits = types === null
    for (let i = 0; i < values.length && !fits; i++) fits = isOfTypes(values[i], types)
    if (!fits) return `${at}: no value of enum is of type ${stringifyJson(schema.type)}`
  }
  if (hasOwn(schema, 'const') && types !== null && !isOfTypes(schema.const, types)) {
    return `${at}: const ${stringifyJson(schema.const)} is not of type ${stringifyJson(schema.type)}`
  }
  return null
}

const requiredProblem = (schema, at) => {
  if (!isArray(schema.required)) return null
  const properties = isSchemaObject(schema.properties) ? schema.properties : {}
  const closed = schema.additionalProperties === false && !isSchemaObject(schema.patternProperties)
  for (let i = 0; i < schema.required.length; i++) {
    const key = schema.required[i]
    if (typeof key !== 'string') continue
    if (hasOwn(properties, key) ? properties[key] === false : closed) {
      return `${at}: required names ${stringifyJson(key)}, which ${hasOwn(properties, key) ? 'properties' : 'additionalProperties: false'} forbids`
    }
  }
  if (typeof schema.maxProperties === 'number' && schema.required.length > schema.maxProperties) {
    return `${at}: required names ${schema.required.length} properties, and maxProperties is ${schema.maxProperties}`
  }
  return null
}

const pointer = (at, key) => `${at}/${replaceAll(replaceAll(key, '~', '~0'), '/', '~1')}`

// The first contradiction of a schema, or `null`. What stands below `not` and `if` may be
// impossible on purpose.
const contradiction = (schema, at) => {
  if (!isSchemaObject(schema)) return null
  const own = shapeProblem(schema, at) ?? boundProblem(schema, at) ?? valueProblem(schema, at) ?? requiredProblem(schema, at)
  if (own !== null) return own
  return below(schema, at)
}

const GROUPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']
const SINGLES = ['items', 'additionalItems', 'additionalProperties', 'unevaluatedItems', 'unevaluatedProperties', 'propertyNames', 'contains']
const LISTS = ['prefixItems', 'items', 'allOf']
const CHOICES = ['anyOf', 'oneOf']

const below = (schema, at) => {
  for (let i = 0; i < GROUPS.length; i++) {
    const group = schema[GROUPS[i]]
    if (!isSchemaObject(group)) continue
    const keys = ownKeys(group)
    for (let k = 0; k < keys.length; k++) {
      const found = contradiction(group[keys[k]], pointer(`${at}/${GROUPS[i]}`, keys[k]))
      if (found !== null) return found
    }
  }
  for (let i = 0; i < SINGLES.length; i++) {
    const found = contradiction(schema[SINGLES[i]], `${at}/${SINGLES[i]}`)
    if (found !== null) return found
  }
  for (let i = 0; i < LISTS.length; i++) {
    const list = schema[LISTS[i]]
    if (!isArray(list)) continue
    for (let k = 0; k < list.length; k++) {
      if (LISTS[i] === 'allOf' && list[k] === false) return `${at}/allOf/${k}: false allows nothing`
      const found = contradiction(list[k], `${at}/${LISTS[i]}/${k}`)
      if (found !== null) return found
    }
  }
  return choiceProblem(schema, at)
}

// One way out of several is enough.
const choiceProblem = (schema, at) => {
  for (let i = 0; i < CHOICES.length; i++) {
    const list = schema[CHOICES[i]]
    if (!isArray(list)) continue
    let first = list.length === 0 ? `${at}/${CHOICES[i]}: is empty` : null
    let open = list.length === 0
    for (let k = 0; k < list.length; k++) {
      const found = list[k] === false ? `${at}/${CHOICES[i]}/${k}: false allows nothing` : contradiction(list[k], `${at}/${CHOICES[i]}/${k}`)
      if (found === null) {
        first = null
        open = false
        break
      }
      first ??= found
      open = true
    }
    if (open) return first
  }
  return null
}
