import { type Answer, type Handlers, isRefused } from '../bus/calls.ts'
import type { Methods } from '../contract/methods.ts'
import { Command } from '../protocol/command.ts'
import { RetainedScope } from '../store/schema.ts'
import { pushFrame } from './frames.ts'
import { afterCommit, refused, type Shard } from './shard.ts'

/** Pushes to everybody and to apps: numbered and kept here, delivered by every worker. One worker owns this. */
export class Broadcaster {
  readonly handlers: Pick<Handlers<Methods>, 'broadcast'> = { broadcast: args => this.#broadcast(args) }
  readonly #shard: Shard

  constructor(shard: Shard) {
    this.#shard = shard
  }

  async #broadcast(args: Methods['broadcast']['args']): Promise<Answer<Methods['broadcast']['reply']>> {
    const { bus, calls, msgids, retained } = this.#shard
    const { data, dataKind, expire } = args
    // All workers or none: one that is too busy to be asked would miss it for good.
    for (let worker = 0; worker < bus.workers; worker++) if (bus.congested(worker)) return refused('BUSY')
    const msgid = msgids.next()
    if (msgid === undefined) return refused('BUSY')
    const frame = Buffer.from(pushFrame(Command.BC, {}, msgid, expire, data))
    const expiresAt = expire === 0 ? 0 : Date.now() + expire * 1000
    const app = args.app === undefined ? {} : { app: args.app }
    const version = args.version === undefined ? {} : { version: args.version }
    const pushed = { msgid, total: 0 }
    if (expire > 0) retained.add(RetainedScope.ALL, 0, msgid, { expiresAt, dataKind, frame, ...app, ...version })
    const stored = expire > 0 ? afterCommit(this.#shard, pushed, () => undefined) : pushed
    const deliveries = Array.from({ length: bus.workers }, (_, worker) =>
      calls.ask(worker, 'sessionBroadcast', { msgid, frame, dataKind, expiresAt, ...app, ...version }),
    )
    for (const answer of await Promise.all(deliveries)) if (!isRefused(answer)) pushed.total += answer.total
    return stored
  }
}
