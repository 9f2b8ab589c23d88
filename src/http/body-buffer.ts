const NO_BYTES = Buffer.alloc(0)

/**
 * A body that comes in parts. It is put together as it comes: doing that at its end would touch all of its memory in one
 * step, which takes long where memory is new.
 */
export class BodyBuffer {
  length = 0
  #bytes = NO_BYTES
  readonly #expected: number

  /** @param expected its length, as far as one knows; NaN if one does not */
  constructor(expected: number) {
    this.#expected = expected || 0
  }

  append(part: Uint8Array): void {
    const at = this.length
    this.length += part.length
    if (this.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.length, 2 * this.#bytes.length, this.#expected))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#bytes.set(part, at)
  }

  /** What came until now; the buffer is empty then. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.length)
    this.#bytes = NO_BYTES
    this.length = 0
    return bytes
  }
}
