import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/**
 * HMAC-SHA256 (RFC 2104) under one key, over short texts: two hashes of one call each. `createHmac` makes an object of its
 * own for each text, which takes three times as long. Thread: its worker.
 */
export class HmacSha256 {
  /** Key and text of the inner hash, key and inner digest of the outer one. */
  #inner: Buffer
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)

  constructor(key: Buffer) {
    const block = Buffer.alloc(BLOCK_BYTES)
    if (key.length > BLOCK_BYTES) hash('sha256', key, 'buffer').copy(block)
    else key.copy(block)
    this.#inner = Buffer.alloc(BLOCK_BYTES + 256)
    for (let i = 0; i < BLOCK_BYTES; i++) {
      this.#inner[i] = block[i]! ^ 0x36
      this.#outer[i] = block[i]! ^ 0x5c
    }
  }

  base64url(text: string): string {
    const bytes = Buffer.byteLength(text)
    if (BLOCK_BYTES + bytes > this.#inner.length) {
      this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES)], BLOCK_BYTES + bytes)
    }
    this.#inner.write(text, BLOCK_BYTES)
    hash('sha256', this.#inner.subarray(0, BLOCK_BYTES + bytes), 'buffer').copy(this.#outer, BLOCK_BYTES)
    return hash('sha256', this.#outer, 'base64url')
  }
}
