import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../util/clock.ts'
import { pack, unpack } from '../util/pack.ts'
import { Queue } from '../util/queue.ts'
import type { Answer, Refused } from './answer.ts'

/**
 * Request and reply between workers, for everything that is not sent thousands of times a second.
 *
 *   CALL   0        4        8                        REPLY  0        4
 *          | id     | method | arguments, packed             | id     | answer, packed
 *
 * The caller chooses `id`; 0 asks for no reply. Arguments and answer are MessagePack, except from a worker to itself (CALL_HERE,
 * REPLY_HERE): there they are handed over as they are, and the record only gives them their place in the order.
 */
export const CallKind = { CALL: 1, REPLY: 2, CALL_HERE: 6, REPLY_HERE: 7 } as const

/** The methods of a contract: arguments and answer by name. */
export type Contract<C> = { readonly [M in keyof C]: { readonly args: object; readonly reply: unknown } }

/** Carries out one call at the callee; an answer that takes time is a promise. */
export type Handlers<C extends Contract<C>> = {
  readonly [M in keyof C]: (args: C[M]['args'], from: number) => Answer<C[M]['reply']> | Promise<Answer<C[M]['reply']>>
}

interface Pending {
  readonly to: number
  readonly deadlineAt: number
  readonly onAnswer: (answer: unknown) => void
}

interface CallServices {
  readonly bus: Bus
  readonly clock: Clock
  /** Numbers that no open call of this seat has: never 0. */
  readonly nextId: () => number
  /** The answer when none comes in time or the worker is down. */
  readonly busy: Refused
  /** Logs what a handler threw and says what the caller is told. */
  readonly onDefect: (error: unknown) => Refused
}

/** Thread: its worker only. */
export class Calls<C extends Contract<C>> {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #names: readonly (keyof C & string)[]
  readonly #numbers = new Map<string, number>()
  readonly #deadlineMs: number
  readonly #busy: Refused
  readonly #onDefect: (error: unknown) => Refused
  readonly #pending = new Map<number, Pending>()
  /** Arguments and answers from this worker to itself, in the order of their records. */
  readonly #here = new Queue<unknown>()
  /** How often each worker has ended: the next one in its place numbers its calls from 1 again. */
  readonly #ends = new Map<number, number>()
  #handlers: Handlers<C> | undefined
  #deferred: (() => void)[] = []
  readonly #nextId: () => number
  #isCarryingOut = false

  /** @param methods the rows in one fixed order, the same on every thread */
  constructor({ bus, clock, nextId, busy, onDefect }: CallServices, methods: C, deadlineMs: number) {
    this.#bus = bus
    this.#clock = clock
    this.#nextId = nextId
    this.#busy = busy
    this.#onDefect = onDefect
    this.#deadlineMs = deadlineMs
    this.#names = Object.keys(methods) as (keyof C & string)[]
    for (const [number, name] of this.#names.entries()) this.#numbers.set(name, number)
  }

  /** @param all the handlers of the parts. @throws Error when a method has no handler, or two: a mistake of ours */
  serve(all: readonly Partial<Handlers<C>>[]): void {
    const names = all.flatMap(part => Object.keys(part))
    const missing = this.#names.filter(name => !names.includes(name))
    const doubled = names.filter((name, index) => names.indexOf(name) !== index)
    if (missing.length + doubled.length > 0) throw new Error(`methods missing: ${missing}; doubled: ${doubled}`)
    this.#handlers = Object.assign({}, ...all) as Handlers<C>
  }

  /**
   * Asks the worker `to`. The answer is handed on while the rings are drained, in order with all other records from there:
   * what the callee sent after its answer arrives after it.
   */
  request<M extends keyof C & string>(
    to: number,
    method: M,
    args: C[M]['args'],
    onAnswer: (answer: Answer<C[M]['reply']>) => void,
  ): void {
    if (!this.#bus.isUp(to) || this.#bus.congested(to)) {
      this.#clock.next(() => onAnswer(this.#busy))
      return
    }
    const id = this.#nextId()
    this.#pending.set(id, {
      to,
      deadlineAt: this.#clock.now() + this.#deadlineMs,
      onAnswer: onAnswer as (answer: unknown) => void,
    })
    this.#write(to, id, this.#numbers.get(method)!, args)
  }

  /** The same for callers that need no order. */
  ask<M extends keyof C & string>(to: number, method: M, args: C[M]['args']): Promise<Answer<C[M]['reply']>> {
    return new Promise(resolve => this.request(to, method, args, resolve))
  }

  /** Asks this worker, however much it has to do: for what is only looked up. The handler must not `defer`. */
  askHere<M extends keyof C & string>(
    method: M,
    args: C[M]['args'],
  ): Answer<C[M]['reply']> | Promise<Answer<C[M]['reply']>> {
    try {
      const answer = this.#handlers![method](args, this.#bus.self)
      return answer instanceof Promise ? answer.catch(this.#onDefect) : answer
    } catch (error) {
      return this.#onDefect(error)
    }
  }

  /**
   * The same as `ask`, but carried out at once, and answered at once where the handler can, when this worker is the one that is asked: for what
   * need not come behind what this worker has sent itself before. The handler must not `defer`.
   */
  askNow<M extends keyof C & string>(
    to: number,
    method: M,
    args: C[M]['args'],
  ): Answer<C[M]['reply']> | Promise<Answer<C[M]['reply']>> {
    return to !== this.#bus.self || this.#bus.congested(to) ? this.ask(to, method, args) : this.askHere(method, args)
  }

  /** Tells the worker `to`; no answer comes. `args` must not change afterwards: to this worker itself they are not copied. */
  tell<M extends keyof C & string>(to: number, method: M, args: C[M]['args']): void {
    this.#write(to, 0, this.#numbers.get(method)!, args)
  }

  /** Asks every worker, including this one. @returns their answers; a worker that is down refuses with BUSY */
  askAll<M extends keyof C & string>(method: M, args: C[M]['args']): Promise<Answer<C[M]['reply']>[]> {
    return Promise.all(this.#bus.links.map(to => this.ask(to, method, args)))
  }

  /** Tells every worker, including this one. */
  tellAll<M extends keyof C & string>(method: M, args: C[M]['args']): void {
    for (const to of this.#bus.links) this.tell(to, method, args)
  }

  /**
   * Runs `after` once the answer of the current call is written, for records that have to follow it.
   * @throws Error outside of a call, as after an await: there the caller can do it at once
   */
  defer(after: () => void): void {
    if (!this.#isCarryingOut) throw new Error('nothing to defer behind')
    this.#deferred.push(after)
  }

  /** @param isHere whether the record is a CALL_HERE */
  onCall(from: number, block: Buffer, start: number, end: number, isHere: boolean): void {
    const id = block.readUInt32LE(start)
    const method = this.#names[block.readUInt32LE(start + 4)]!
    const args = (isHere ? this.#here.shift() : unpack(block, start + 8, end)) as C[typeof method]['args']
    let answer: unknown
    this.#isCarryingOut = true
    try {
      answer = this.#handlers![method](args, from)
    } catch (error) {
      answer = this.#onDefect(error)
    } finally {
      this.#isCarryingOut = false
    }
    if (answer instanceof Promise) {
      const ends = this.#ends.get(from)
      const reply = (late: unknown) => {
        if (this.#ends.get(from) === ends) this.#reply(from, id, late)
      }
      answer.then(reply, (error: unknown) => reply(this.#onDefect(error)))
    } else this.#reply(from, id, answer)
    if (this.#deferred.length > 0) {
      const deferred = this.#deferred
      this.#deferred = []
      for (const after of deferred) after()
    }
  }

  onReply(block: Buffer, start: number, end: number, isHere: boolean): void {
    const id = block.readUInt32LE(start)
    const answer = isHere ? this.#here.shift() : undefined
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    pending.onAnswer(isHere ? answer : unpack(block, start + 4, end))
  }

  /** Answers requests past their deadline with `busy`; call every now and then. They are in order of their deadlines. */
  expire(now: number): void {
    for (const [id, pending] of this.#pending) {
      if (pending.deadlineAt > now) return
      this.#pending.delete(id)
      this.#answer(pending, this.#busy)
    }
  }

  /** The worker ended: it will not answer, and waits for no answer. */
  disconnect(worker: number): void {
    this.#ends.set(worker, (this.#ends.get(worker) ?? 0) + 1)
    for (const [id, pending] of this.#pending) {
      if (pending.to !== worker) continue
      this.#pending.delete(id)
      this.#answer(pending, this.#busy)
    }
  }

  /** One that meets a defect does not take the answers of the others. */
  #answer(pending: Pending, answer: unknown): void {
    try {
      pending.onAnswer(answer)
    } catch (defect) {
      this.#onDefect(defect)
    }
  }

  #reply(to: number, id: number, answer: unknown): void {
    if (id === 0) return
    const packed = this.#enclose(to, answer ?? null)
    const at = this.#bus.begin(to, packed === HERE ? CallKind.REPLY_HERE : CallKind.REPLY, 4 + packed.length)
    this.#bus.block.writeUInt32LE(id, at)
    packed.copy(this.#bus.block, at + 4)
    this.#bus.end()
  }

  #write(to: number, id: number, method: number, args: object): void {
    const packed = this.#enclose(to, args)
    const at = this.#bus.begin(to, packed === HERE ? CallKind.CALL_HERE : CallKind.CALL, 8 + packed.length)
    const { block } = this.#bus
    block.writeUInt32LE(id, at)
    block.writeUInt32LE(method, at + 4)
    packed.copy(block, at + 8)
    this.#bus.end()
  }

  /** The body of the record: the packed value, or nothing for this worker itself, where the value stays in memory. */
  #enclose(to: number, value: unknown): Buffer {
    if (to !== this.#bus.self) return pack(value)
    this.#here.push(value)
    return HERE
  }
}

const HERE = Buffer.alloc(0)
