/**
 * One frame, the same bytes over raw TCP and inside a binary WebSocket message, all big-endian:
 *
 *    0        4         6       8       12
 *    | length | command | flags | seq   | body: a MessagePack map, absent when empty
 *
 * `length` counts the bytes after it: 8 plus the body. `flags` is 0. The client chooses `seq`; the ack repeats it.
 */
export const Frame = { LENGTH: 0, COMMAND: 4, FLAGS: 6, SEQ: 8, BODY: 12, HEADER_BYTES: 12, LENGTH_MIN: 8 } as const

/** Writes the header of a frame. Its body of `bodyBytes` follows, or will. */
export function writeHeader(target: Buffer, offset: number, command: number, seq: number, bodyBytes: number): void {
  target.writeUInt32BE(Frame.LENGTH_MIN + bodyBytes, offset)
  target.writeUInt32BE(command * 0x1_0000, offset + Frame.COMMAND)
  target.writeUInt32BE(seq, offset + Frame.SEQ)
}

/** @returns the end of the frame at `start`; -1 if its length is invalid; 0 if the frame, or its length, is not complete yet */
export function frameEnd(source: Buffer, start: number, end: number, frameBytesMax: number): number {
  if (end - start < 4) return 0
  const length = source.readUInt32BE(start)
  if (length < Frame.LENGTH_MIN || length > frameBytesMax) return -1
  const next = start + 4 + length
  return next <= end ? next : 0
}

const PARTIAL_BYTES_MIN = 64

const LINE_END = 10

/**
 * Cuts a byte stream into frames. It passes on whole frames in place. Only a frame that is split over chunks gets its own
 * memory, which is released as soon as the frame is complete.
 */
export class FrameSplitter {
  #partial: Buffer | undefined
  #partialBytes = 0
  /** Frames that came in pieces: rises with the first piece of each. */
  begun = 0

  /**
   * @param onFrame gets each whole frame, in order; returns false to stop (the connection was closed)
   * @returns false if a length is invalid: nothing after it can be parsed
   */
  push(
    chunk: Buffer,
    frameBytesMax: number,
    onFrame: (source: Buffer, start: number, end: number) => boolean,
  ): boolean {
    let start = 0
    if (this.#partial !== undefined) {
      start = this.#complete(chunk, frameBytesMax)
      if (start < 0) return false
      if (start === 0) return true
      const whole = this.#partial
      const bytes = this.#partialBytes
      this.#partial = undefined
      if (!onFrame(whole, 0, bytes)) return true
    }
    for (;;) {
      const end = frameEnd(chunk, start, chunk.length, frameBytesMax)
      if (end < 0) return false
      if (end === 0) break
      if (!onFrame(chunk, start, end)) return true
      start = end
    }
    if (start < chunk.length) this.#keep(chunk, start)
    return true
  }

  /** Adds to the partial frame. @returns the bytes it took from the chunk; 0 while still partial; -1 on a bad length */
  #complete(chunk: Buffer, frameBytesMax: number): number {
    let taken = 0
    let partial = this.#partial!
    if (this.#partialBytes < 4) {
      taken = chunk.copy(partial, this.#partialBytes, 0, 4 - this.#partialBytes)
      this.#partialBytes += taken
      if (this.#partialBytes < 4) return 0
    }
    if (frameEnd(partial, 0, 4, frameBytesMax) < 0) return -1
    const total = 4 + partial.readUInt32BE(0)
    const missing = Math.min(total - this.#partialBytes, chunk.length - taken)
    if (partial.length < this.#partialBytes + missing) {
      const grown = Buffer.allocUnsafeSlow(Math.min(total, (this.#partialBytes + missing) * 2))
      partial.copy(grown, 0, 0, this.#partialBytes)
      this.#partial = partial = grown
    }
    const copied = chunk.copy(partial, this.#partialBytes, taken, taken + total - this.#partialBytes)
    this.#partialBytes += copied
    return this.#partialBytes === total ? taken + copied : 0
  }

  /** The length, as far as it has arrived, is valid. */
  #keep(chunk: Buffer, start: number): void {
    this.begun++
    const have = chunk.length - start
    // Do not reserve all that the header claims: four bytes from a stranger must not take much memory.
    this.#partial = Buffer.allocUnsafeSlow(Math.max(have, PARTIAL_BYTES_MIN))
    chunk.copy(this.#partial, 0, start)
    this.#partialBytes = have
  }
}

/** @param bytes whole frames, or lines of JSON */
export function messagesIn(bytes: Buffer, isJson: boolean): number {
  let messages = isJson ? 1 : 0
  if (isJson) for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) messages++
  else for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) messages++
  return messages
}
