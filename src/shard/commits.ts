import { type Answer, type Done, isRefused, type Refused, refused } from '../contract/answer.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { Clock } from '../util/clock.ts'
import { notStored } from './context.ts'

/** What rules return: the changes to make (perhaps no change at all), or a refusal. */
export type Decision<C> = Refused | readonly C[]

/** How the changes of one kind of thing (rooms, groups, users) are made. */
export interface Changes<T, C> {
  /** Changes memory: all later questions are judged by it. */
  apply(thing: T, change: C): void
  /** Queued for the disk. */
  write(thing: T, change: C): void
  /** Notifies the sessions that the change concerns. */
  tell(thing: T, change: C): void
  /** Makes memory equal to the disk again. */
  reread(thing: T): void
}

interface Question<C> {
  readonly decide: () => Decision<C>
  readonly answer: (answer: Answer<Done>) => void
}

/** What is on its way to the disk. */
interface Made<C> {
  readonly question: Question<C>
  readonly defect: Refused | undefined
}

/** More do not wait for one thing. */
const WAITING_MAX = 10_000
const TOO_MANY_WAIT = `busy: ${WAITING_MAX} changes of the same room, group or user wait already; try again later`

interface CommitServices {
  readonly store: Store
  readonly clock: Clock
  readonly log: { error(fields: object, text: string): void }
}

/**
 * The one way of a change: rules decide; the change is made in memory, queued for the disk and announced; the caller gets
 * its answer when it is on the disk. (The same list of changes could feed events or another node.)
 *
 * Each thing has one commit on its way at a time. Questions that arrive meanwhile wait and are then decided together, into
 * one transaction. So no decision rests on a change that the disk refuses later: after a refusal memory is read again from
 * the disk, while nothing else changes the thing, and the waiting questions are judged by that. Thread: the thing's home.
 */
export class Commits<T extends object, C> {
  readonly #services: CommitServices
  readonly #changes: Changes<T, C>
  readonly #onDefect: (defect: unknown) => Refused
  /** The questions that wait, for each thing whose commit is on its way. */
  readonly #waiting = new Map<T, Question<C>[]>()

  /** @param onDefect logs what a rule threw. @returns the refusal for the caller */
  constructor(services: CommitServices, changes: Changes<T, C>, onDefect: (defect: unknown) => Refused) {
    this.#services = services
    this.#changes = changes
    this.#onDefect = onDefect
  }

  /** Whether a change of the thing is on its way: it must stay in memory. */
  isBusy(thing: T): boolean {
    return this.#waiting.has(thing)
  }

  /** @param decide asked when no other change of the thing is on its way; pure */
  make(thing: T, decide: () => Decision<C>): Promise<Answer<Done>> {
    return new Promise(answer => {
      const waiting = this.#waiting.get(thing)
      if (waiting === undefined) this.#run(thing, [{ decide, answer }])
      else if (waiting.length >= WAITING_MAX) answer(refused('BUSY', TOO_MANY_WAIT))
      else waiting.push({ decide, answer })
    })
  }

  #run(thing: T, questions: readonly Question<C>[]): void {
    this.#waiting.set(thing, [])
    const made: Made<C>[] = []
    for (const question of questions) {
      const decision = this.#decide(question)
      if (decision !== undefined) made.push({ question, defect: this.#make(thing, decision) })
    }
    if (made.length === 0) {
      this.#goOn(thing)
      return
    }
    this.#services.store
      .commit()
      .then(
        (): Answer<Done> => {
          // What was made by halves is in memory as it is on the disk.
          if (made.some(({ defect }) => defect !== undefined)) this.#changes.reread(thing)
          return {}
        },
        (error: unknown) => {
          this.#changes.reread(thing)
          return error instanceof StoreError ? notStored(this.#services, error) : this.#onDefect(error)
        },
      )
      // Whatever is wrong, nobody waits for ever.
      .catch(this.#onDefect)
      .then(answer => {
        for (const { question, defect } of made) question.answer(defect ?? answer)
        this.#goOn(thing)
      })
  }

  /** @returns what is to be made; undefined: nothing, and it is answered */
  #decide({ decide, answer }: Question<C>): readonly C[] | undefined {
    try {
      const decision = decide()
      if (!isRefused(decision)) return decision
      answer(decision)
    } catch (defect) {
      answer(this.#onDefect(defect))
    }
    return undefined
  }

  /** @returns a defect that it met: some of it is made then */
  #make(thing: T, changes: readonly C[]): Refused | undefined {
    try {
      for (const change of changes) {
        this.#changes.apply(thing, change)
        this.#changes.write(thing, change)
        this.#changes.tell(thing, change)
      }
      return undefined
    } catch (defect) {
      return this.#onDefect(defect)
    }
  }

  #goOn(thing: T): void {
    const waiting = this.#waiting.get(thing)
    if (waiting === undefined || waiting.length === 0) this.#waiting.delete(thing)
    else this.#run(thing, waiting)
  }
}
