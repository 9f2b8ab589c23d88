import { isUtf8 } from 'node:buffer'
import { parse } from '../util/json.ts'
import { commandName, commandOf } from './command.ts'
import { describeJson } from './describe.ts'
import { Frame } from './frame.ts'
import { bodyToJson, DataKind } from './msgpack-json.ts'

export { DataKind }

/**
 * What frames say instead of a seq that has no 32 bits, or from here on: a JSON client may say a text, any number, or none.
 * Below it a number stands for itself.
 */
export const KEPT_SEQ_FROM = 0x8000_0000
export const KEPT_SEQ_TO = 0xffff_fffe
/** The client said no seq: the answer has none. */
const NO_SEQ = 0xffff_ffff
const SEQ_BYTES_MAX = 64

/** A number below KEPT_SEQ_FROM, or NO_SEQ, stands for itself; a text is the JSON of what has to be kept. */
export type JsonSeq = number | string

/** What the client said where frames have a number from KEPT_SEQ_FROM on. */
export interface SeqTexts {
  /** Its JSON, once. */
  take(seq: number): string | undefined
}

/** One message of a JSON client. `command` 0: it names none that there is. */
export interface JsonMessage {
  readonly command: number
  readonly name: string
  readonly seq: JsonSeq
  readonly body: unknown
}

/** A line that is no message, and why. */
export class BadLine {
  readonly why: string
  /** What the answer repeats. */
  readonly seq: JsonSeq

  constructor(why: string, seq: JsonSeq = 0) {
    this.why = why
    this.seq = seq
  }
}

/** Reads a JSON object with a `cmd`. */
export function parseMessage(line: string): JsonMessage | BadLine {
  let value: unknown
  try {
    value = parse(line)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return new BadLine('expected JSON, got other text')
    throw error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new BadLine(`expected an object, got ${describeJson(value)}`)
  }
  const { cmd, seq: given, body } = value as { cmd?: unknown; seq?: unknown; body?: unknown }
  const seq = seqOf(given)
  if (seq === undefined) {
    return new BadLine(`seq: expected a number or text of up to ${SEQ_BYTES_MAX} bytes, got ${describeJson(given)}`)
  }
  if (typeof cmd !== 'string') {
    return new BadLine(`cmd: expected text, got ${cmd === undefined ? 'nothing' : describeJson(cmd)}`, seq)
  }
  return { command: commandOf(cmd) ?? 0, name: cmd, seq, body }
}

function seqOf(given: unknown): JsonSeq | undefined {
  switch (typeof given) {
    case 'number':
      if (Number.isInteger(given) && given >= 0 && given < KEPT_SEQ_FROM) return given
      return Number.isFinite(given) ? String(given) : undefined
    case 'undefined':
      return NO_SEQ
    case 'bigint':
      return String(given)
    case 'string':
      return Buffer.byteLength(given) <= SEQ_BYTES_MAX ? JSON.stringify(given.toWellFormed()) : undefined
    default:
      return given === null ? 'null' : undefined
  }
}

/**
 * The JSON form of one or more binary frames that this gateway made, one a line. The binary frame is the form in which
 * messages travel inside; a worker turns it into JSON once, however many of its sessions speak JSON.
 * @param idsAsText ids are decimal text @param seqs of the session that it goes to, if it has any
 */
export function toJson(frames: Buffer, dataKind: DataKind, idsAsText = false, seqs?: SeqTexts): string {
  let text = ''
  for (let at = 0; at < frames.length; ) {
    const end = at + 4 + frames.readUInt32BE(at)
    const name = commandName(frames.readUInt16BE(at + Frame.COMMAND)) ?? 'UNKNOWN'
    const seq = frames.readUInt32BE(at + Frame.SEQ)
    const said = seq < KEPT_SEQ_FROM ? seq : seqs?.take(seq)
    const body = end > at + Frame.BODY ? bodyToJson(frames, at + Frame.BODY, dataKind, idsAsText) : '{}'
    text += `${at > 0 ? '\n' : ''}{"cmd":"${name}",${said === undefined ? '' : `"seq":${said},`}"body":${body}}`
    at = end
  }
  return text
}

/** What a push's body is to a JSON client. @returns undefined when it is declared as JSON and is none. */
export function dataKindOf(contentType: string, body: Buffer): DataKind | undefined {
  const type = mediaType(contentType)
  if (type === 'application/json') return isJson(body) ? DataKind.JSON : undefined
  // curl and others say "form" when they get no content-type.
  const isNotSaid = type === '' || type === 'application/x-www-form-urlencoded'
  if (type.startsWith('text/') || isNotSaid) return isUtf8(body) ? DataKind.TEXT : DataKind.BYTES
  return DataKind.BYTES
}

let lastContentType = ''
let lastMediaType = ''

/** The type without its parameters. An app server mostly repeats the same one, so the last is remembered. */
function mediaType(contentType: string): string {
  if (contentType !== lastContentType) {
    lastMediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
    lastContentType = contentType
  }
  return lastMediaType
}

/** Decoders of some languages take no deeper ones, the message around it included. */
export const JSON_DEPTH_MAX = 60
/** Where there is none of this, no number is too large and no surrogate alone. */
const SUSPICIOUS = /\\u[dD][89a-fA-F]|[eE]\+?[0-9]{3}|[0-9]{300}/

/** Whether it is JSON that the decoders of other languages take too. */
function isJson(body: Buffer): boolean {
  // Before it is parsed, because that takes long where it is deep.
  if (!isUtf8(body) || depthOf(body) > JSON_DEPTH_MAX) return false
  const text = body.toString()
  try {
    const value: unknown = JSON.parse(text)
    return !SUSPICIOUS.test(text) || isPlain(value)
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/** How many brackets stand within each other. */
function depthOf(json: Buffer): number {
  let depth = 0
  let deepest = 0
  let isText = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte === QUOTE) isText = !isText
    else if (isText) at += byte === BACKSLASH ? 1 : 0
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return deepest
}

/** Numbers are finite, and texts have no surrogate alone. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isPlain)
  return Object.entries(value).every(([key, field]) => key.isWellFormed() && isPlain(field))
}
