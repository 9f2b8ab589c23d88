import { KEPT_SEQ_FROM, KEPT_SEQ_TO, type SeqTexts } from '../protocol/json-format.ts'

/** Requests of one session whose seq is kept until they are answered. An answer to an older one comes without seq. */
const KEPT_MAX = 1024

/**
 * Frames have a seq of 32 bits. A JSON client may say a text or any number instead: it is kept here under a number that no
 * client has, and put in its place in the answer. Thread: the session's worker.
 */
export class KeptSeqs implements SeqTexts {
  readonly #texts = new Map<number, string>()
  #last = KEPT_SEQ_TO

  /** @param text as JSON @returns what stands for it in frames */
  keep(text: string): number {
    this.#last = this.#last >= KEPT_SEQ_TO ? KEPT_SEQ_FROM : this.#last + 1
    if (this.#texts.size === KEPT_MAX) {
      for (const oldest of this.#texts.keys()) {
        this.#texts.delete(oldest)
        break
      }
    }
    this.#texts.set(this.#last, text)
    return this.#last
  }

  take(seq: number): string | undefined {
    const text = this.#texts.get(seq)
    this.#texts.delete(seq)
    return text
  }
}
