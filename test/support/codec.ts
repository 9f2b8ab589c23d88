import { Packr } from 'msgpackr'
import type { Body, Frame } from './body.js'
import { type CommandName, commandName, commandNumber, isCommand } from './commands.js'
import { id } from './ids.js'
import { parseJson, toJson } from './json.js'

/* A second opinion on the wire format: nothing here comes from the product.
 *  0         4          6        8      12
 *  | length  | command  | flags  | seq  | MessagePack map ...   big-endian; length counts what follows it */
export const HEADER_BYTES = 12
const LENGTH_BYTES = 4

const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  int64AsType: 'bigint',
  copyBuffers: true,
})

const INTEGER_FIELDS = new Set(['uid', 'sid', 'rid', 'gid', 'nid', 'suid', 'duid', 'to', 'msgid'])

/** Integers beyond 32 bits as bigints, because msgpackr would pack them as floats. */
function withIntegers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) > 0xffff_ffff ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(withIntegers)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withIntegers(field)]))
}

/** Every integer in its one form. An id that came as a float is refused: other languages would see a float. */
function normalised(value: unknown, name = ''): unknown {
  if (typeof value === 'bigint') return id(value)
  if (typeof value === 'number') {
    const isFloat = !Number.isInteger(value) || Math.abs(value) > 0xffff_ffff
    if (isFloat && INTEGER_FIELDS.has(name)) throw new Error(`${name} arrived as the float ${value}`)
    return value
  }
  if (Array.isArray(value)) return value.map(item => normalised(item))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, normalised(inner, field)]))
}

export interface HeaderOverrides {
  length?: number
  flags?: number
}

/** A frame around any payload, so that tests can also make wrong ones. */
export function frameAround(
  command: number,
  seq: number,
  payload: Uint8Array,
  { length = HEADER_BYTES - LENGTH_BYTES + payload.length, flags = 0 }: HeaderOverrides = {},
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(length, 0)
  header.writeUInt16BE(command, 4)
  header.writeUInt16BE(flags, 6)
  header.writeUInt32BE(seq, 8)
  return Buffer.concat([header, payload])
}

export function packValue(value: unknown): Buffer {
  return Buffer.from(packr.pack(withIntegers(value)))
}

export function encodeBinary(cmd: CommandName, seq: number, body: object, overrides?: HeaderOverrides): Buffer {
  return frameAround(commandNumber(cmd), seq, packValue(body), overrides)
}

function decodeOne(frame: Buffer): Frame {
  const flags = frame.readUInt16BE(6)
  if (flags !== 0) throw new Error(`a frame with flags ${flags}`)
  const payload = frame.subarray(HEADER_BYTES)
  const body = payload.length === 0 ? {} : normalised(packr.unpack(payload))
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new Error('a body that is not a map')
  return { cmd: commandName(frame.readUInt16BE(4)), seq: frame.readUInt32BE(8), body: body as Body }
}

/** Takes the whole frames off the front of a stream; the rest waits for more bytes. */
export function decodeBinary(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = []
  let start = 0
  while (bytes.length - start >= LENGTH_BYTES) {
    const length = bytes.readUInt32BE(start)
    if (length < HEADER_BYTES - LENGTH_BYTES) throw new Error(`a frame of length ${length}`)
    const end = start + LENGTH_BYTES + length
    if (end > bytes.length) break
    frames.push(decodeOne(bytes.subarray(start, end)))
    start = end
  }
  return { frames, rest: bytes.subarray(start) }
}

/** Bytes have no JSON form: they travel as `data64`. */
function withBase64(body: object): object {
  const { data, ...rest } = body as { data?: unknown }
  if (data === undefined) return body
  return data instanceof Uint8Array ? { ...rest, data64: Buffer.from(data).toString('base64') } : body
}

export function encodeJson(cmd: string, seq: number, body: object): string {
  return toJson({ cmd, seq, body: withBase64(body) })
}

/** The commands of one text message, one a line. */
export function decodeJson(text: string): Frame[] {
  return text.split('\n').map(line => {
    const { cmd, seq, body } = parseJson(line) as Partial<Frame>
    if (typeof cmd !== 'string' || !isCommand(cmd)) throw new Error(`no command in ${line}`)
    return { cmd, seq, body: body ?? {} }
  })
}
