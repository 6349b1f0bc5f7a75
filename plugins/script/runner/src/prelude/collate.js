// String.prototype.localeCompare in one fixed order: that of the Unicode root collation for ASCII
// and for letters with accents, by code point for the rest. Locales change nothing.

// What is not a letter or digit, in its order.
const SYMBOLS = '\t\n\v\f\r _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$'

// Weights of the characters of ASCII; 0 has none. Made when they are first used.
let weights = null

const weightsOfAscii = () => {
  const made = listOf()
  for (let code = 0; code < 128; code++) {
    const symbol = indexOf(SYMBOLS, fromCharCode(code))
    const isDigit = code >= 48 && code <= 57
    const isUpper = code >= 65 && code <= 90
    const isLower = code >= 97 && code <= 122
    push(made, symbol >= 0 ? symbol + 1 : isDigit ? code + 100 : isUpper ? code + 232 : isLower ? code + 200 : 0)
  }
  return made
}

const isMark = (unit) => unit >= 0x300 && unit <= 0x36f
const isDigitUnit = (unit) => unit >= 48 && unit <= 57

// Weights of the letters, of their accents and of their case, a list each.
const collationOf = (text, numeric) => {
  weights ??= weightsOfAscii()
  const whole = normalize(text, 'NFD')
  const lower = toLowerCase(whole)
  const sameLength = lower.length === whole.length
  const key = { __proto__: null, letters: listOf(), accents: listOf(), cases: listOf() }
  for (let i = 0; i < lower.length; i++) {
    const unit = charCodeAt(lower, i)
    if (isMark(unit)) {
      key.accents[key.accents.length - 1] = (key.accents[key.accents.length - 1] ?? 0) * 128 + unit - 0x2ff
      continue
    }
    let weight = unit < 128 ? weights[unit] : unit + 1000
    if (numeric && isDigitUnit(unit)) {
      let value = 0
      while (i < lower.length && isDigitUnit(charCodeAt(lower, i))) {
        value = value * 10 + charCodeAt(lower, i) - 48
        i += 1
      }
      i -= 1
      // Between the digits and the letters of other strings.
      weight = 148 + value / (value + 1)
    }
    if (weight === 0) continue
    push(key.letters, weight)
    push(key.accents, 0)
    push(key.cases, sameLength && charCodeAt(whole, i) !== unit ? 1 : 0)
  }
  return key
}

const compareLists = (a, b) => {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
}

const collate = (a, b, options) => {
  if (a === b) return 0
  const numeric = isObject(options) && !!options.numeric
  const sensitivity = isObject(options) ? options.sensitivity : undefined
  const one = collationOf(a, numeric)
  const other = collationOf(b, numeric)
  let order = compareLists(one.letters, other.letters)
  if (order === 0 && sensitivity !== 'base' && sensitivity !== 'case') order = compareLists(one.accents, other.accents)
  if (order === 0 && sensitivity !== 'base' && sensitivity !== 'accent') order = compareLists(one.cases, other.cases)
  return order
}

define(NativeString.prototype, 'localeCompare', {
  localeCompare(that, locales, options) {
    if (this === undefined || this === null) throw new NativeTypeError('String.prototype.localeCompare() expects a string')
    return collate(`${this}`, `${that}`, options)
  },
}.localeCompare)
