import type { StoredMark, StoredOf, StoredScope } from '../contract/stored.ts'
import { Watermark } from '../fanout/watermark.ts'

/** More places are not remembered for one session; whoever is over it may get a push a second time. */
const PLACES_MAX = 256

interface Known {
  readonly scope: StoredScope
  readonly of: StoredOf
  readonly watermark: Watermark
}

/** How far a session has had stored pushes: as itself, in its rooms and groups, and of those to everybody. State only. */
export class StoredMarks {
  readonly #places = new Map<string, Known>()

  find(scope: StoredScope, of: StoredOf): Watermark | undefined {
    return this.#places.get(nameOf(scope, of))?.watermark
  }

  of(scope: StoredScope, of: StoredOf): Watermark {
    return this.find(scope, of) ?? this.#keep(scope, of, new Watermark())
  }

  /** What the device has had over earlier connections. */
  inherit(marks: readonly StoredMark[]): void {
    for (const { scope, of, upTo, endsAt } of marks) this.#keep(scope, of, new Watermark(upTo, endsAt))
  }

  /** @param heard how often the client has been heard until now */
  had(heard: number): StoredMark[] {
    const marks: StoredMark[] = []
    for (const { scope, of, watermark } of this.#places.values()) {
      const upTo = watermark.had(heard)
      if (upTo > 0) marks.push({ scope, of, upTo, endsAt: watermark.endsAt })
    }
    return marks
  }

  #keep(scope: StoredScope, of: StoredOf, watermark: Watermark): Watermark {
    this.#places.set(nameOf(scope, of), { scope, of, watermark })
    if (this.#places.size > PLACES_MAX) {
      const [first] = this.#places.keys()
      this.#places.delete(first!)
    }
    return watermark
  }
}

function nameOf(scope: StoredScope, of: StoredOf): string {
  return `${scope}/${of}`
}
