import type { Bus } from '../bus/bus.ts'
import { type Answer, isRefused } from '../contract/answer.ts'
import type { Calls, Handlers } from '../contract/calls.ts'
import type { Args, Methods, Pushed } from '../contract/methods.ts'
import { StoredScope } from '../contract/stored.ts'
import { Command } from '../protocol/command.ts'
import type { HomeContext } from './context.ts'
import type { Readers } from './line.ts'

/** Pushes to everybody and to apps: numbered and stored here, delivered by every worker. One worker is their home. */
export class Everybody {
  readonly methods: Pick<Handlers<Methods>, 'broadcast'> = { broadcast: args => this.#push(args) }
  readonly #context: HomeContext

  constructor(context: HomeContext) {
    this.#context = context
  }

  /** A worker took the place of another: what it does not know yet it gets before anything newer. */
  workerReplaced(worker: number): void {
    const { calls, stored } = this.#context
    for (const { msgid, frame, dataKind, expiresAt, app, version } of stored.valid(StoredScope.ALL, 0)) {
      const audience = { ...(app === undefined ? {} : { app }), ...(version === undefined ? {} : { version }) }
      calls.tell(worker, 'sessionBroadcastKept', { msgid, frame, dataKind, expiresAt, ...audience })
    }
  }

  #push({ app, version, ...args }: Args<'broadcast'>): Answer<Pushed> | Promise<Answer<Pushed>> {
    const { calls, posting } = this.#context
    const readers = new AllWorkers(calls, app, version)
    const target = { command: Command.BC, readers, scope: StoredScope.ALL, of: 0, app, version } as const
    return posting.push(target, args)
  }
}

/** The sessions of every worker. Only the workers know how many there are, and there is no line, so no positions. */
class AllWorkers implements Readers {
  readonly size = 0
  readonly #calls: Calls<Methods>
  readonly #audience: { readonly app?: string; readonly version?: string }

  constructor(calls: Calls<Methods>, app: string | undefined, version: string | undefined) {
    this.#calls = calls
    this.#audience = { ...(app === undefined ? {} : { app }), ...(version === undefined ? {} : { version }) }
  }

  /** All workers or none: a worker that is too busy for the call would miss the push for good. */
  isCongested(bus: Bus): boolean {
    return bus.links.some(worker => bus.congested(worker))
  }

  advance(): void {}

  async deliver(_bus: Bus, dataKind: number, frame: Buffer, msgid: number, expiresAt: number): Promise<number> {
    const own = Buffer.from(frame)
    const broadcast = { msgid, frame: own, dataKind, expiresAt, ...this.#audience }
    let total = 0
    for (const answer of await this.#calls.askAll('sessionBroadcast', broadcast)) {
      if (!isRefused(answer)) total += answer.total
    }
    return total
  }

  /** Every worker keeps what is valid, for who signs in there. */
  refused(msgid: number): void {
    this.#calls.tellAll('sessionBroadcastRefused', { msgid })
  }
}
