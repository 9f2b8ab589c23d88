import { type Answer, refused } from '../contract/answer.ts'
import type { Handlers } from '../contract/calls.ts'
import type { Device, Methods, ReplyOf } from '../contract/methods.ts'
import type { Sid } from '../util/id.ts'
import type { Numbers } from '../util/numbers.ts'
import { type HomeContext, whenStored } from './context.ts'

/** The registered devices. The home of a user registers his; any worker can look one up. */
export class Devices {
  readonly methods: Pick<Handlers<Methods>, 'userRegister' | 'deviceOf'> = {
    userRegister: device => this.#register(device),
    deviceOf: ({ sid }) => ({ device: this.#find(sid) }),
  }
  readonly #context: HomeContext
  readonly #sids: Numbers

  constructor(context: HomeContext, sids: Numbers) {
    this.#context = context
    this.#sids = sids
  }

  async #register({ uid, nation, city, town }: Device): Promise<Answer<ReplyOf<'userRegister'>>> {
    const { store, clock } = this.#context
    const sid = this.#sids.next() as Sid | undefined
    if (sid === undefined) return refused('BUSY')
    store.tables.sessions.put([sid], { uid, nation, city, town, at: clock.wall() })
    return whenStored(this.#context, { sid }, () => undefined)
  }

  /** Also finds a device registered a moment ago at another worker: the snapshot of this tick may be older. */
  #find(sid: Sid): Device | undefined {
    const { store } = this.#context
    const known = store.tables.sessions.get([sid])
    if (known !== undefined) return known
    store.refresh()
    return store.tables.sessions.get([sid])
  }
}
