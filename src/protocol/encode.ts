import type { Id } from '../util/id.ts'
import { Frame, writeHeader } from './frame.ts'
import { packValue } from './msgpack-value.ts'

/**
 * Writes frames of chats, acks and pushes field by field into one block that it reuses: one encoding per message, without
 * an object in between. Call `begin`, then add the fields, then `finish`.
 */
export class FrameWriter {
  #block = Buffer.allocUnsafeSlow(4096)
  #at = 0
  #fields = 0

  begin(): this {
    this.#at = Frame.BODY + 1
    this.#fields = 0
    return this
  }

  /** Field names are ASCII, up to 31 bytes. */
  id(name: string, value: Id): this {
    this.#key(name, 9)
    const block = this.#block
    // Never a float: an integer above 2^32 takes 64 bits.
    if (typeof value === 'number' && value <= 0xffff_ffff) {
      if (value < 0x80) block[this.#at++] = value
      else {
        block[this.#at] = 0xce
        this.#at = block.writeUInt32BE(value, this.#at + 1)
      }
    } else {
      block[this.#at] = 0xcf
      if (typeof value === 'bigint') this.#at = block.writeBigUInt64BE(value, this.#at + 1)
      else {
        block.writeUInt32BE(Math.floor(value / 0x1_0000_0000), this.#at + 1)
        this.#at = block.writeUInt32BE(value >>> 0, this.#at + 5)
      }
    }
    return this
  }

  text(name: string, value: string): this {
    const bytes = Buffer.byteLength(value)
    this.#key(name, bytes + 5)
    const block = this.#block
    if (bytes < 32) block[this.#at++] = 0xa0 | bytes
    else {
      block[this.#at] = 0xdb
      this.#at = block.writeUInt32BE(bytes, this.#at + 1)
    }
    this.#at += block.write(value, this.#at)
    return this
  }

  bytes(name: string, value: Buffer): this {
    this.#key(name, value.length + 5)
    const block = this.#block
    if (value.length < 0x100) {
      block[this.#at] = 0xc4
      block[this.#at + 1] = value.length
      this.#at += 2
    } else {
      block[this.#at] = 0xc6
      this.#at = block.writeUInt32BE(value.length, this.#at + 1)
    }
    this.#at += value.copy(block, this.#at)
    return this
  }

  /** One value of any kind; ids, counts, texts and bytes take a fast path. */
  value(name: string, value: unknown): this {
    switch (typeof value) {
      case 'string':
        return this.text(name, value)
      case 'number':
        if (Number.isSafeInteger(value) && value >= 0) return this.id(name, value)
        break
      case 'bigint':
        if (value >= 0n) return this.id(name, value)
        break
      default:
        if (Buffer.isBuffer(value)) return this.bytes(name, value)
    }
    const packed = packValue(value)
    this.#key(name, packed.length)
    this.#at += packed.copy(this.#block, this.#at)
    return this
  }

  /** Copies whole fields (name and value) that are already encoded: the client's own `text` and `data`. */
  fields(source: Buffer, start: number, end: number, count: number): this {
    this.#reserve(end - start)
    this.#at += source.copy(this.#block, this.#at, start, end)
    this.#fields += count
    return this
  }

  /** @returns the frame; valid until the next `begin`. */
  finish(command: number, seq: number): Buffer {
    this.#block[Frame.BODY] = 0x80 | this.#fields
    writeHeader(this.#block, 0, command, seq, this.#at - Frame.BODY)
    return this.#block.subarray(0, this.#at)
  }

  #key(name: string, valueBytes: number): void {
    this.#reserve(name.length + 1 + valueBytes)
    const block = this.#block
    block[this.#at++] = 0xa0 | name.length
    for (let i = 0; i < name.length; i++) block[this.#at++] = name.charCodeAt(i)
    this.#fields++
  }

  #reserve(byteCount: number): void {
    if (this.#at + byteCount <= this.#block.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + byteCount, this.#block.length * 2))
    this.#block.copy(grown, 0, 0, this.#at)
    this.#block = grown
  }
}

const writer = new FrameWriter()

/** Encodes a whole frame into its own memory. @param body up to 15 fields; undefined ones are left out */
export function encodeFrame(command: number, seq: number, body?: object): Buffer {
  if (body === undefined) {
    const frame = Buffer.allocUnsafe(Frame.HEADER_BYTES)
    writeHeader(frame, 0, command, seq, 0)
    return frame
  }
  return Buffer.from(writeFields(body).finish(command, seq))
}

/** The same for an ack: its fields, then `code` and `errmsg`. */
export function encodeAck(command: number, seq: number, fields: object, code: number, errmsg: string): Buffer {
  return Buffer.from(writeFields(fields).id('code', code).text('errmsg', errmsg).finish(command, seq))
}

function writeFields(fields: object): FrameWriter {
  writer.begin()
  for (const name of Object.keys(fields)) {
    const value = (fields as Record<string, unknown>)[name]
    if (value !== undefined) writer.value(name, value)
  }
  return writer
}
