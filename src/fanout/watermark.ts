/**
 * How far a client has had the stored pushes of one place. What is written to a connection may never arrive: only what was
 * written before the client was last heard counts as had. So each write notes how often the client had been heard by then.
 * State only; clients without stored pushes have none.
 */
export class Watermark {
  /** The highest msgid that was written, or that the client has had before. */
  written: number
  /** When the last of these pushes ends: unix milliseconds. */
  endsAt: number
  #had: number
  /** How often the client had been heard when that was written. */
  #heard = -1

  constructor(had = 0, endsAt = 0) {
    this.written = had
    this.#had = had
    this.endsAt = endsAt
  }

  /** @param heard how often the client has been heard until now */
  wrote(msgid: number, endsAt: number, heard: number): void {
    this.#had = this.had(heard)
    this.written = Math.max(this.written, msgid)
    this.endsAt = Math.max(this.endsAt, endsAt)
    this.#heard = heard
  }

  had(heard: number): number {
    return heard > this.#heard ? this.written : this.#had
  }
}
