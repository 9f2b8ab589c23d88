import type { Steps } from '../util/slices.ts'

/** A JSON value as its bytes. What is in it was not looked at, beyond where it ends. */
export interface JsonValue {
  /** A view of the input. */
  readonly bytes: Buffer
  /** Its first character. */
  readonly first: string
  /** How many brackets stand within each other. */
  readonly depth: number
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
/** A bracket and its partner, of both kinds: the bits in which [ ] differ from { }, taken away. */
const [OPEN, CLOSE, KIND] = [0x5b, 0x5d, 0x20]
/** A step is about this many bytes: some 0.1 ms. */
const STEP_BYTES = 65_536

/**
 * Walks over the entries of one JSON array, or the fields of one object, without parsing them: an input of many megabytes
 * costs its length once, in steps. Whoever takes an entry has to parse it, and may refuse it by its length first.
 * All methods throw a SyntaxError when what they look at is no JSON.
 */
export class JsonScanner {
  readonly #json: Buffer
  #at = 0
  #isFirst = true

  constructor(json: Buffer) {
    this.#json = json
  }

  /** The bracket with which it begins. */
  *open(bracket: '[' | '{'): Steps<void> {
    yield* this.#space()
    this.#take(bracket.charCodeAt(0))
    this.#isFirst = true
  }

  /** Whether another entry follows; behind the last one it passes the closing bracket. */
  *hasMore(bracket: ']' | '}'): Steps<boolean> {
    yield* this.#space()
    const isOver = this.#json[this.#at] === bracket.charCodeAt(0)
    if (isOver) this.#at++
    else if (this.#isFirst) this.#isFirst = false
    else this.#take(COMMA)
    return !isOver
  }

  /** The name of a field and the colon behind it. */
  *key(): Steps<string> {
    const { first, bytes } = yield* this.value()
    if (first !== '"') throw new SyntaxError('expected a name')
    yield* this.#space()
    this.#take(COLON)
    return JSON.parse(bytes.toString()) as string
  }

  *value(): Steps<JsonValue> {
    yield* this.#space()
    const start = this.#at
    const byte = this.#json[start] ?? 0
    const depth = (byte | KIND) === (OPEN | KIND) ? yield* this.#nested() : 0
    if (byte === QUOTE) yield* this.#text()
    else if (depth === 0) yield* this.#plain()
    if (this.#at === start) throw new SyntaxError('expected a value')
    return { bytes: this.#json.subarray(start, this.#at), first: String.fromCharCode(byte), depth }
  }

  /** Nothing but space follows. */
  *end(): Steps<void> {
    yield* this.#space()
    if (this.#at < this.#json.length) throw new SyntaxError('expected the end')
  }

  #take(byte: number): void {
    if (this.#json[this.#at] !== byte) throw new SyntaxError(`expected ${String.fromCharCode(byte)}`)
    this.#at++
  }

  *#space(): Steps<void> {
    for (let steps = 1; ; steps++) {
      const byte = this.#json[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
      if (steps % STEP_BYTES === 0) yield
    }
  }

  /** A number or a word. */
  *#plain(): Steps<void> {
    const json = this.#json
    let at = this.#at
    for (let steps = 1; isPlain(json[at]); at++, steps++) if (steps % STEP_BYTES === 0) yield
    this.#at = at
  }

  *#text(): Steps<void> {
    const json = this.#json
    let at = this.#at + 1
    for (let steps = 1; json[at] !== QUOTE; steps++) {
      if (at >= json.length) throw new SyntaxError('text without end')
      at += json[at] === BACKSLASH ? 2 : 1
      if (steps % STEP_BYTES === 0) yield
    }
    this.#at = at + 1
  }

  /** An array or an object. @returns how deep it is */
  *#nested(): Steps<number> {
    const json = this.#json
    let depth = 0
    let deepest = 0
    let at = this.#at
    for (let steps = 1; steps === 1 || depth > 0; steps++) {
      const byte = json[at]
      if (byte === undefined) throw new SyntaxError('a bracket without its partner')
      if (byte === QUOTE) {
        this.#at = at
        yield* this.#text()
        at = this.#at
      } else {
        const bracket = byte | KIND
        if (bracket === (OPEN | KIND)) deepest = Math.max(deepest, ++depth)
        else if (bracket === (CLOSE | KIND)) depth--
        at++
      }
      if (steps % STEP_BYTES === 0) yield
    }
    this.#at = at
    return deepest
  }
}

function isPlain(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || PLAIN.includes(byte)
}

const PLAIN = Buffer.from('+-.E')
