/** Bytes appended one after the other into one block of memory that grows as needed and is used again and again. */
export class GrowingBuffer {
  length = 0
  #block: Buffer

  constructor(initialBytes = 512) {
    this.#block = Buffer.allocUnsafeSlow(initialBytes)
  }

  append(source: Buffer, start: number, end: number): void {
    const at = this.#reserve(end - start)
    source.copy(this.#block, at, start, end)
  }

  appendText(text: string): void {
    const at = this.#reserve(Buffer.byteLength(text))
    this.#block.write(text, at)
  }

  /** What was written since the last `take`, in memory of its own: for a writer that may keep it for a while. */
  take(): Buffer {
    const bytes = this.#block.subarray(0, this.length)
    this.#block = Buffer.allocUnsafeSlow(Math.min(this.#block.length, 65_536))
    this.length = 0
    return bytes
  }

  /** What was written; valid until the next append. */
  view(): Buffer {
    return this.#block.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
    if (this.#block.length > 1 << 20) this.#block = Buffer.allocUnsafeSlow(65_536)
  }

  /** Makes room for `byteCount` more bytes and counts them as written. @returns where they go */
  #reserve(byteCount: number): number {
    const at = this.length
    const needed = at + byteCount
    if (needed > this.#block.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#block.length * 2))
      this.#block.copy(grown, 0, 0, at)
      this.#block = grown
    }
    this.length = needed
    return at
  }
}
