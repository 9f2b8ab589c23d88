import { isUtf8 } from 'node:buffer'
import { parse, stringify } from '../util/json.ts'
import { commandName, commandOf } from './command.ts'
import { Frame } from './frame.ts'
import { unpackValue } from './msgpack-value.ts'

/** How JSON clients see the bytes in the `data` of a push. */
export const DataKind = { BYTES: 0, TEXT: 1, JSON: 2 } as const
export type DataKind = (typeof DataKind)[keyof typeof DataKind]

/** One message of a JSON client. `command` is 0 if `cmd` is unknown. */
export interface JsonMessage {
  readonly command: number
  readonly seq: number
  readonly body: unknown
}

/** @returns undefined unless the line is a JSON object with a `cmd` */
export function parseMessage(line: string): JsonMessage | undefined {
  let value: unknown
  try {
    value = parse(line)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { cmd, seq, body } = value as { cmd?: unknown; seq?: unknown; body?: unknown }
  if (typeof cmd !== 'string') return undefined
  const known = typeof seq === 'number' && Number.isInteger(seq) && seq >= 0 && seq <= 0xffff_ffff
  if (!known && seq !== undefined) return undefined
  return { command: commandOf(cmd) ?? 0, seq: known ? seq : 0, body }
}

/**
 * The JSON form of one or more binary frames made by this gateway, one per line. Inside, messages travel as binary frames;
 * a worker converts a frame to JSON once, however many of its sessions speak JSON.
 */
export function toJson(frames: Buffer, dataKind: DataKind): string {
  let text = ''
  for (let at = 0; at < frames.length; ) {
    const end = at + 4 + frames.readUInt32BE(at)
    const name = commandName(frames.readUInt16BE(at + Frame.COMMAND)) ?? 'UNKNOWN'
    const seq = frames.readUInt32BE(at + Frame.SEQ)
    const body = end > at + Frame.BODY ? unpackValue(frames, at + Frame.BODY, end) : {}
    text += `${at > 0 ? '\n' : ''}{"cmd":"${name}","seq":${seq},"body":${bodyText(body, dataKind)}}`
    at = end
  }
  return text
}

function bodyText(body: unknown, dataKind: DataKind): string {
  const fields = body as { data?: unknown }
  if (!(fields.data instanceof Uint8Array)) return stringify(body)
  const { data, ...rest } = fields
  const bytes = data as Buffer
  const field =
    dataKind === DataKind.JSON
      ? `"data":${oneLine(bytes.toString())}`
      : dataKind === DataKind.TEXT
        ? `"data":${JSON.stringify(bytes.toString())}`
        : `"data64":"${bytes.toString('base64')}"`
  const others = stringify(rest)
  return others === '{}' ? `{${field}}` : `${others.slice(0, -1)},${field}}`
}

/** In JSON text a line break can only be white space between tokens. */
function oneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ')
}

/** How JSON clients see the body of a push. @returns undefined if the content-type says JSON and the body is not JSON */
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

function isJson(body: Buffer): boolean {
  if (!isUtf8(body)) return false
  try {
    JSON.parse(body.toString())
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
