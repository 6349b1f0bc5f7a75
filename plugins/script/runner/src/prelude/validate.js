// Whether a value fits a JSON Schema (2020-12, without what needs other documents). Nothing is
// coerced, no default is added. A keyword that would be passed over in silence where it forbids
// something is refused instead.

const PROBLEMS_MAX = 10
const UNSUPPORTED = ['$dynamicRef', '$recursiveRef', 'unevaluatedProperties', 'unevaluatedItems']

const problemsOf = (schema, value) => {
  const check = { __proto__: null, root: schema, problems: listOf() }
  checkValue(check, schema, value, '')
  return check.problems
}

const fitsSchema = (check, schema, value) => {
  const inner = { __proto__: null, root: check.root, problems: listOf() }
  checkValue(inner, schema, value, '')
  return inner.problems.length === 0
}

const problem = (check, at, words) => {
  if (check.problems.length < PROBLEMS_MAX) push(check.problems, at === '' ? words : `${at}: ${words}`)
}

const quoted = (value) => slice(stringifyJson(value), 0, 200)

const noSchema = (message) => named('WorkflowSchemaError', `baton.handoff(): the schema cannot be checked: ${message}`)

const lengthOf = (text) => {
  let length = text.length
  for (let i = 0; i + 1 < text.length; i++) {
    const unit = charCodeAt(text, i)
    if (unit >= 0xd800 && unit < 0xdc00) {
      length -= 1
      i += 1
    }
  }
  return length
}

const referred = (check, reference) => {
  if (typeof reference !== 'string' || !startsWith(reference, '#')) throw noSchema(`$ref ${lineOf(reference)} is not local`)
  let found = check.root
  const steps = split(slice(reference, 1), '/')
  if (steps[0] !== '') throw noSchema(`$ref ${reference} is not a JSON pointer`)
  for (let i = 1; i < steps.length; i++) {
    const key = replaceAll(replaceAll(decodeUri(steps[i]), '~1', '/'), '~0', '~')
    if (!isObject(found) || !hasOwn(found, key)) throw noSchema(`$ref ${reference} leads nowhere`)
    found = found[key]
  }
  return found
}

const patternOf = (source) => {
  try {
    return new NativeRegExp(source, 'u')
  } catch (error) {
    throw noSchema(`pattern ${lineOf(source)}: ${headOf(error)}`)
  }
}

const checkValue = (check, schema, value, at) => {
  if (schema === true) return
  if (schema === false) return problem(check, at, 'nothing is allowed here')
  if (!isSchemaObject(schema)) throw noSchema(`${lineOf(schema)} is not a schema`)
  for (let i = 0; i < UNSUPPORTED.length; i++) if (hasOwn(schema, UNSUPPORTED[i])) throw noSchema(`${UNSUPPORTED[i]} is not supported`)
  if (schema.$ref !== undefined) checkValue(check, referred(check, schema.$ref), value, at)
  const types = typesOf(schema)
  if (types !== null && !isOfTypes(value, types)) problem(check, at, `${quoted(value)} is not of type ${stringifyJson(schema.type)}`)
  if (hasOwn(schema, 'const') && canonical(value) !== canonical(schema.const)) problem(check, at, `${quoted(value)} is not ${stringifyJson(schema.const)}`)
  if (isArray(schema.enum)) {
    let found = false
    for (let i = 0; i < schema.enum.length && !found; i++) found = canonical(schema.enum[i]) === canonical(value)
    if (!found) problem(check, at, `${quoted(value)} is none of ${stringifyJson(schema.enum)}`)
  }
  if (typeof value === 'number') checkNumber(check, schema, value, at)
  if (typeof value === 'string') checkString(check, schema, value, at)
  if (isArray(value)) checkArray(check, schema, value, at)
  else if (isObject(value)) checkObject(check, schema, value, at)
  checkCombined(check, schema, value, at)
}

const checkNumber = (check, schema, value, at) => {
  if (value < schema.minimum) problem(check, at, `${value} is less than ${schema.minimum}`)
  if (value > schema.maximum) problem(check, at, `${value} is greater than ${schema.maximum}`)
  if (value <= schema.exclusiveMinimum) problem(check, at, `${value} is not greater than ${schema.exclusiveMinimum}`)
  if (value >= schema.exclusiveMaximum) problem(check, at, `${value} is not less than ${schema.exclusiveMaximum}`)
  if (typeof schema.multipleOf === 'number' && !isInteger(value / schema.multipleOf)) problem(check, at, `${value} is not a multiple of ${schema.multipleOf}`)
}

const checkString = (check, schema, value, at) => {
  const length = lengthOf(value)
  if (length < schema.minLength) problem(check, at, `has ${length} characters, fewer than ${schema.minLength}`)
  if (length > schema.maxLength) problem(check, at, `has ${length} characters, more than ${schema.maxLength}`)
  if (typeof schema.pattern === 'string' && !testRegExp(patternOf(schema.pattern), value)) problem(check, at, `${quoted(value)} does not match ${schema.pattern}`)
}

const checkArray = (check, schema, value, at) => {
  if (value.length < schema.minItems) problem(check, at, `has ${value.length} items, fewer than ${schema.minItems}`)
  if (value.length > schema.maxItems) problem(check, at, `has ${value.length} items, more than ${schema.maxItems}`)
  if (schema.uniqueItems === true) {
    const seen = new NativeSet()
    for (let i = 0; i < value.length; i++) setAdd(seen, canonical(value[i]))
    let distinct = 0
    setForEach(seen, () => (distinct += 1))
    if (distinct < value.length) problem(check, at, 'its items are not distinct')
  }
  // Before 2020-12 the list of leading schemas was called `items`.
  const leading = isArray(schema.prefixItems) ? schema.prefixItems : isArray(schema.items) ? schema.items : []
  const rest = isArray(schema.items) ? schema.additionalItems : schema.items
  for (let i = 0; i < value.length; i++) {
    const own = i < leading.length ? leading[i] : rest
    if (own !== undefined) checkValue(check, own, value[i], `${at}/${i}`)
  }
  if (schema.contains !== undefined) {
    let matching = 0
    for (let i = 0; i < value.length; i++) if (fitsSchema(check, schema.contains, value[i])) matching += 1
    if (matching < (schema.minContains ?? 1)) problem(check, at, `has ${matching} items that fit \`contains\`, fewer than ${schema.minContains ?? 1}`)
    if (matching > schema.maxContains) problem(check, at, `has ${matching} items that fit \`contains\`, more than ${schema.maxContains}`)
  }
}

const checkObject = (check, schema, value, at) => {
  const keys = ownKeys(value)
  if (keys.length < schema.minProperties) problem(check, at, `has ${keys.length} properties, fewer than ${schema.minProperties}`)
  if (keys.length > schema.maxProperties) problem(check, at, `has ${keys.length} properties, more than ${schema.maxProperties}`)
  if (isArray(schema.required)) checkRequired(check, schema.required, value, at)
  const properties = isSchemaObject(schema.properties) ? schema.properties : {}
  const patterned = isSchemaObject(schema.patternProperties) ? ownKeys(schema.patternProperties) : []
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]
    const below = pointer(at, key)
    let known = hasOwn(properties, key)
    if (known) checkValue(check, properties[key], value[key], below)
    for (let k = 0; k < patterned.length; k++) {
      if (!testRegExp(patternOf(patterned[k]), key)) continue
      known = true
      checkValue(check, schema.patternProperties[patterned[k]], value[key], below)
    }
    if (!known && schema.additionalProperties === false) problem(check, at, `has the property ${stringifyJson(key)}, which is not allowed`)
    else if (!known && schema.additionalProperties !== undefined) checkValue(check, schema.additionalProperties, value[key], below)
    if (schema.propertyNames !== undefined) checkValue(check, schema.propertyNames, key, at)
    const dependent = schema.dependentRequired
    if (isSchemaObject(dependent) && hasOwn(dependent, key)) checkRequired(check, dependent[key], value, at)
    const schemas = schema.dependentSchemas
    if (isSchemaObject(schemas) && hasOwn(schemas, key)) checkValue(check, schemas[key], value, at)
  }
}

const checkRequired = (check, names, value, at) => {
  for (let i = 0; i < names.length; i++) if (!hasOwn(value, names[i])) problem(check, at, `lacks ${stringifyJson(names[i])}`)
}

const checkCombined = (check, schema, value, at) => {
  const { allOf, anyOf, oneOf } = schema
  if (isArray(allOf)) for (let i = 0; i < allOf.length; i++) checkValue(check, allOf[i], value, at)
  const fitting = (list) => {
    let count = 0
    for (let i = 0; i < list.length; i++) if (fitsSchema(check, list[i], value)) count += 1
    return count
  }
  if (isArray(anyOf) && fitting(anyOf) === 0) problem(check, at, 'fits none of `anyOf`')
  if (isArray(oneOf)) {
    const count = fitting(oneOf)
    if (count !== 1) problem(check, at, `fits ${count} of \`oneOf\`, not one`)
  }
  if (schema.not !== undefined && fitsSchema(check, schema.not, value)) problem(check, at, 'fits `not`')
  if (schema.if !== undefined) {
    const next = fitsSchema(check, schema.if, value) ? schema.then : schema.else
    if (next !== undefined) checkValue(check, next, value, at)
  }
}
