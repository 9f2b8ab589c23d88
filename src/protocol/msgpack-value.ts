import { DEPTH_MAX } from './msgpack-scan.ts'

/** A value that has no form in MessagePack, or none that every decoder takes. */
export class UnpackableError extends Error {}

/**
 * Encodes values as other languages read them: no records, the shortest form of each, integers as integers and never as
 * floats, text as UTF-8 without lone surrogates (they become U+FFFD), keys as they are, `__proto__` among them. One block
 * that is used again. Thread: its worker.
 */
class ValuePacker {
  #block = Buffer.allocUnsafeSlow(4096)
  #at = 0

  /** @returns memory of its own @throws UnpackableError */
  pack(value: unknown): Buffer {
    this.#at = 0
    this.#value(value, 0)
    return Buffer.from(this.#block.subarray(0, this.#at))
  }

  #value(value: unknown, depth: number): void {
    if (depth > DEPTH_MAX) throw new UnpackableError(`at most ${DEPTH_MAX} levels, got more`)
    switch (typeof value) {
      case 'string':
        this.#text(value)
        return
      case 'number':
        this.#number(value)
        return
      case 'bigint':
        this.#bigint(value)
        return
      case 'boolean':
        this.#byte(value ? 0xc3 : 0xc2)
        return
      case 'object':
        if (value === null) this.#byte(0xc0)
        else if (value instanceof Uint8Array) this.#bytes(value)
        else if (Array.isArray(value)) this.#array(value, depth)
        else this.#map(value as Readonly<Record<string, unknown>>, depth)
        return
      default:
        this.#byte(0xc0)
    }
  }

  #number(value: number): void {
    if (!Number.isFinite(value)) throw new UnpackableError('numbers of up to 64 bits, got one that is larger')
    if (!Number.isSafeInteger(value)) {
      this.#reserve(9)
      this.#block[this.#at++] = 0xcb
      this.#at = this.#block.writeDoubleBE(value, this.#at)
    } else if (value < 0) this.#negative(value)
    else if (value < 0x80) this.#byte(value)
    else if (value < 0x100) this.#header(0xcc, 1, value)
    else if (value < 0x1_0000) this.#header(0xcd, 2, value)
    else if (value <= 0xffff_ffff) this.#header(0xce, 4, value)
    else this.#bigint(BigInt(value))
  }

  #negative(value: number): void {
    this.#reserve(9)
    if (value >= -0x20) this.#byte(value & 0xff)
    else if (value >= -0x80) this.#header(0xd0, 1, value & 0xff)
    else if (value >= -0x8000) this.#header(0xd1, 2, value & 0xffff)
    else if (value >= -0x8000_0000) this.#header(0xd2, 4, value >>> 0)
    else this.#bigint(BigInt(value))
  }

  #bigint(value: bigint): void {
    this.#reserve(9)
    const isNegative = value < 0n
    if (value !== (isNegative ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))) {
      throw new UnpackableError(`numbers of up to 64 bits, got ${value}`)
    }
    this.#block[this.#at++] = isNegative ? 0xd3 : 0xcf
    this.#at = isNegative ? this.#block.writeBigInt64BE(value, this.#at) : this.#block.writeBigUInt64BE(value, this.#at)
  }

  #text(value: string): void {
    const bytes = Buffer.byteLength(value)
    if (bytes < 32) this.#byte(0xa0 | bytes)
    else if (bytes < 0x100) this.#header(0xd9, 1, bytes)
    else if (bytes < 0x1_0000) this.#header(0xda, 2, bytes)
    else this.#header(0xdb, 4, bytes)
    this.#reserve(bytes)
    this.#at += this.#block.write(value, this.#at)
  }

  #bytes(value: Uint8Array): void {
    const { length } = value
    if (length < 0x100) this.#header(0xc4, 1, length)
    else if (length < 0x1_0000) this.#header(0xc5, 2, length)
    else this.#header(0xc6, 4, length)
    this.#reserve(length)
    this.#block.set(value, this.#at)
    this.#at += length
  }

  #array(value: readonly unknown[], depth: number): void {
    const { length } = value
    if (length < 16) this.#byte(0x90 | length)
    else if (length < 0x1_0000) this.#header(0xdc, 2, length)
    else this.#header(0xdd, 4, length)
    for (const item of value) this.#value(item, depth + 1)
  }

  /** Fields that are undefined are left out. */
  #map(value: Readonly<Record<string, unknown>>, depth: number): void {
    const keys = Object.keys(value)
    let pairs = 0
    for (const key of keys) if (value[key] !== undefined) pairs++
    if (pairs < 16) this.#byte(0x80 | pairs)
    else if (pairs < 0x1_0000) this.#header(0xde, 2, pairs)
    else this.#header(0xdf, 4, pairs)
    for (const key of keys) {
      const field = value[key]
      if (field === undefined) continue
      this.#text(key)
      this.#value(field, depth + 1)
    }
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#block[this.#at++] = byte
  }

  #header(type: number, width: 1 | 2 | 4, value: number): void {
    this.#reserve(5)
    const block = this.#block
    block[this.#at++] = type
    if (width === 1) block[this.#at++] = value
    else if (width === 2) this.#at = block.writeUInt16BE(value, this.#at)
    else this.#at = block.writeUInt32BE(value, this.#at)
  }

  #reserve(byteCount: number): void {
    if (this.#at + byteCount <= this.#block.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + byteCount, this.#block.length * 2))
    this.#block.copy(grown, 0, 0, this.#at)
    this.#block = grown
  }
}

const packer = new ValuePacker()

/** Encodes one value, in memory of its own. @throws UnpackableError for what is too deep, or a number that is too large */
export function packValue(value: unknown): Buffer {
  return packer.pack(value)
}
