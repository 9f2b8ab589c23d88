import { isRefused } from '#dist/contract/answer.js'
import type { Args, Methods, ReplyOf } from '#dist/contract/methods.js'
import { DataKind } from '#dist/protocol/json-format.js'
import type { Pushed } from './ledger.js'
import type { ApiCall } from './scene.js'
import type { Simulation } from './simulation.js'
import type { ModelWorker } from './worker.js'

/** The gateway's HTTP API without HTTP: what its handlers ask of homes, at any worker. */
export class Api {
  readonly #simulation: Simulation
  readonly #calls: ApiCall[]

  constructor(simulation: Simulation, calls: ApiCall[]) {
    this.#simulation = simulation
    this.#calls = calls
  }

  /** @param of whose home is asked; undefined: the one of all */
  call<M extends keyof Methods & string>(
    worker: ModelWorker,
    of: number | undefined,
    method: M,
    args: Args<M>,
    then: (reply: ReplyOf<M>) => void = () => undefined,
  ): void {
    const { placement, calls } = worker.core
    const what = `${method} ${JSON.stringify(args, (key, value) => (key === 'data' ? undefined : value))}`
    const call: ApiCall = { what, worker, answers: 0 }
    this.#calls.push(call)
    this.#simulation.trace.note(3, () => `API at worker ${worker.index}: ${what}`)
    const answered = (answer: unknown) => {
      call.answers++
      this.#simulation.trace.note(
        4,
        () => `API at worker ${worker.index}: ${method} answered ${JSON.stringify(answer)}`,
      )
      if (!isRefused(answer)) then(answer as ReplyOf<M>)
    }
    const home = of === undefined ? placement.ofAll : placement.homeOf(of)
    Promise.resolve(calls.askNow(home, method, args)).then(answered, defect =>
      this.#simulation.violate('defect', String(defect)),
    )
  }

  push(worker: ModelWorker, kind: Pushed['kind'], target: number, uid: number, expire: number, isProbe = false): void {
    const { ledger, random } = this.#simulation
    const text = ledger.newText(random.below(12) === 0 ? 900 : 0)
    const pushed: Pushed = { text, kind, target, uid, expire, msgid: undefined, isDisturbed: false, isProbe }
    ledger.push(pushed)
    const args = { data: Buffer.from(text), dataKind: DataKind.TEXT, expire }
    const then = ({ msgid }: { msgid: number }) => {
      pushed.msgid = msgid
    }
    if (kind === 'user') this.call(worker, target, 'userPush', { ...args, uid: target as never }, then)
    else if (kind === 'sid')
      this.call(worker, uid, 'userPush', { ...args, uid: uid as never, sid: target as never }, then)
    else if (kind === 'group') this.call(worker, target, 'groupPush', { ...args, gid: target as never }, then)
    else if (kind === 'room') this.call(worker, target, 'roomPush', { ...args, rid: target as never }, then)
    else this.call(worker, undefined, 'broadcast', args, then)
  }
}
