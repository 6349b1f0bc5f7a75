// TextEncoder, TextDecoder, atob, btoa

const bytesOf = (what, source) => {
  if (source === undefined) return new NativeUint8Array(0)
  const tag = tagOf(source)
  if (tag === '[object ArrayBuffer]') return new NativeUint8Array(source)
  if (isObject(source) && tagOf(source.buffer) === '[object ArrayBuffer]') return new NativeUint8Array(source.buffer, source.byteOffset, source.byteLength)
  throw new NativeTypeError(`${what} expects bytes, got ${kindOf(source)}`)
}

offer('TextEncoder', class TextEncoder {
  get encoding() {
    return 'utf-8'
  }
  encode(source = '') {
    return host.utf8Encode(toWellFormed(`${source}`))
  }
  encodeInto(source, destination) {
    const text = `${source}`
    let read = 0
    let written = 0
    while (read < text.length) {
      const unit = charCodeAt(text, read)
      const width = unit >= 0xd800 && unit < 0xdc00 && read + 1 < text.length ? 2 : 1
      const bytes = host.utf8Encode(toWellFormed(slice(text, read, read + width)))
      if (written + bytes.length > destination.length) break
      for (let i = 0; i < bytes.length; i++) destination[written + i] = bytes[i]
      written += bytes.length
      read += width
    }
    return { read, written }
  }
})

offer('TextDecoder', class TextDecoder {
  #fatal
  #ignoreBOM
  #held = new NativeUint8Array(0)
  #atStart = true
  constructor(label = 'utf-8', options = {}) {
    const name = toLowerCase(trim(`${label}`))
    if (name !== 'utf-8' && name !== 'utf8' && name !== 'unicode-1-1-utf-8') throw new NativeRangeError(`TextDecoder knows utf-8 only, got ${lineOf(label)}`)
    this.#fatal = !!options?.fatal
    this.#ignoreBOM = !!options?.ignoreBOM
  }
  get encoding() {
    return 'utf-8'
  }
  get fatal() {
    return this.#fatal
  }
  get ignoreBOM() {
    return this.#ignoreBOM
  }
  decode(source, options) {
    const more = bytesOf('TextDecoder.decode()', source)
    const last = !options?.stream
    let bytes = more
    if (this.#held.length > 0) {
      bytes = new NativeUint8Array(this.#held.length + more.length)
      for (let i = 0; i < this.#held.length; i++) bytes[i] = this.#held[i]
      for (let i = 0; i < more.length; i++) bytes[this.#held.length + i] = more[i]
    }
    const taken = host.utf8Whole(bytes, last)
    let text = host.utf8Decode(bytes, taken, this.#fatal)
    this.#held = new NativeUint8Array(bytes.length - taken)
    for (let i = taken; i < bytes.length; i++) this.#held[i - taken] = bytes[i]
    if (text === undefined) {
      this.#held = new NativeUint8Array(0)
      this.#atStart = true
      throw new NativeTypeError('TextDecoder.decode(): the bytes are not UTF-8')
    }
    if (this.#atStart && !this.#ignoreBOM && charCodeAt(text, 0) === 0xfeff) text = slice(text, 1)
    this.#atStart = last || (this.#atStart && text === '' && taken === 0)
    return text
  }
})

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const invalidCharacter = (message) => construct(NativeDOMException, [message, 'InvalidCharacterError'])

offer('btoa', function btoa(source) {
  const text = `${source}`
  const parts = listOf()
  for (let i = 0; i < text.length; i += 3) {
    const units = [charCodeAt(text, i), charCodeAt(text, i + 1), charCodeAt(text, i + 2)]
    for (let k = 0; k < 3; k++) if (units[k] > 0xff) throw invalidCharacter('btoa() expects characters up to U+00FF')
    const bits = (units[0] << 16) | (units[1] << 8) | units[2]
    const left = text.length - i
    push(parts, BASE64[bits >> 18] + BASE64[(bits >> 12) & 63] + (left > 1 ? BASE64[(bits >> 6) & 63] : '=') + (left > 2 ? BASE64[bits & 63] : '='))
  }
  return join(parts, '')
})

offer('atob', function atob(source) {
  let text = host.withoutSpace(toWellFormed(`${source}`))
  if (text.length % 4 === 0) text = slice(text, -2) === '==' ? slice(text, 0, -2) : slice(text, -1) === '=' ? slice(text, 0, -1) : text
  if (text.length % 4 === 1) throw invalidCharacter('atob() expects Base64')
  const parts = listOf()
  let bits = 0
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const value = indexOf(BASE64, text[i])
    if (value < 0) throw invalidCharacter('atob() expects Base64')
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      push(parts, fromCharCode((bits >> count) & 0xff))
    }
  }
  return join(parts, '')
})
