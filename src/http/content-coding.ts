import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib'
import { ApiError } from './api-error.ts'

type Inflate = (body: Buffer, options: ZlibOptions) => Promise<Buffer>

const unpackGzip: Inflate = promisify(gunzip)
const unpackZlib: Inflate = promisify(inflate)
const unpackRaw: Inflate = promisify(inflateRaw)

/** Undoes a content coding. @param bytesMax of the plain body @throws ApiError, later, if it is too long or broken */
export type Decode = (body: Buffer, bytesMax: number) => Promise<Buffer>

const codings: ReadonlyMap<string, Decode> = new Map([
  ['gzip', decoder('gzip', () => unpackGzip)],
  ['x-gzip', decoder('gzip', () => unpackGzip)],
  // By name it has the header of zlib, but some send it bare.
  ['deflate', decoder('deflate', body => (hasZlibHeader(body) ? unpackZlib : unpackRaw))],
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

/** The threads of zlib do the work; it ends as soon as there is too much. */
function decoder(name: string, inflateFor: (body: Buffer) => Inflate): Decode {
  return async (body, bytesMax) => {
    if (body.length === 0) return body
    try {
      return await inflateFor(body)(body, { maxOutputLength: bytesMax, chunkSize: CHUNK_BYTES })
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ERR_BUFFER_TOO_LARGE') throw ApiError.tooLong(bytesMax)
      if (code.startsWith('Z_')) throw ApiError.of('BAD_PARAMETER', `body: expected valid ${name}`)
      throw error
    }
  }
}

const CHUNK_BYTES = 65_536

function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0
}
