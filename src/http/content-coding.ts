import { createGunzip, createInflate, createInflateRaw, type Gunzip, type ZlibOptions } from 'node:zlib'
import { ApiError } from './api-error.ts'
import { BodyBuffer } from './body-buffer.ts'

/** Undoes a content coding. @param bytesMax of the plain body @throws ApiError, later, if it is too long or broken */
export type Decode = (body: Buffer, bytesMax: number) => Promise<Buffer>

interface Coding {
  readonly name: string
  /** Makes the stream for this body. */
  readonly open: (body: Buffer, options: ZlibOptions) => Gunzip
  /** The length of the plain body, as it says itself. */
  readonly expected: (body: Buffer) => number
}

const gzip: Coding = {
  name: 'gzip',
  open: (_body, options) => createGunzip(options),
  expected: body => (body.length >= 4 ? body.readUInt32LE(body.length - 4) : 0),
}

const deflate: Coding = {
  name: 'deflate',
  // By name it has the header of zlib, but some send it bare.
  open: (body, options) => (hasZlibHeader(body) ? createInflate(options) : createInflateRaw(options)),
  expected: () => 0,
}

const codings: ReadonlyMap<string, Decode> = new Map([
  ['gzip', decoder(gzip)],
  ['x-gzip', decoder(gzip)],
  ['deflate', decoder(deflate)],
])
const PLAIN = new Set(['', 'identity'])

/**
 * @param coding the header Content-Encoding
 * @returns undefined when the body comes as it is
 * @throws ApiError that names a coding which is unknown here
 */
export function decoderOf(coding: string): Decode | undefined {
  const name = coding.trim().toLowerCase()
  if (PLAIN.has(name)) return undefined
  const decode = codings.get(name)
  if (decode !== undefined) return decode
  const detail = `expected gzip or deflate, got ${JSON.stringify(coding.slice(0, 64))}`
  throw ApiError.of('UNKNOWN_ENCODING', detail, 'accept-encoding: gzip, deflate')
}

/** Each chunk is a turn of the event loop; a thread of the runtime inflates the next one meanwhile. */
const CHUNK_BYTES = 262_144
const CHUNK_BYTES_MIN = 64

function decoder({ name, open, expected }: Coding): Decode {
  return (body, bytesMax) =>
    new Promise((resolve, reject) => {
      if (body.length === 0) {
        resolve(body)
        return
      }
      const plain = new BodyBuffer(Math.min(expected(body), bytesMax))
      const stream = open(body, { chunkSize: Math.min(CHUNK_BYTES, bytesMax + CHUNK_BYTES_MIN) })
      stream.on('data', (chunk: Buffer) => {
        if (plain.length + chunk.length <= bytesMax) plain.append(chunk)
        else stream.destroy(ApiError.tooLong(bytesMax))
      })
      stream.on('end', () => resolve(plain.take()))
      stream.on('error', error => {
        reject(error instanceof ApiError ? error : ApiError.of('BAD_PARAMETER', `body: expected valid ${name}`))
      })
      stream.end(body)
    })
}

function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0
}
