import { StoredScope } from '../contract/stored.ts'
import { Place } from '../fanout/topic.ts'
import type { Gid, Id, Rid } from '../util/id.ts'
import { SmallMap } from '../util/small-map.ts'
import type { Session } from './session.ts'
import { wroteStored } from './stored-marks.ts'

/**
 * A room or group that the session is in, or asked to enter. It is also the session's place in the topic, which is absent
 * until the home has answered.
 */
export class Membership<T extends Id = Id> extends Place {
  readonly id: T
  /** Open questions to the home. While there are any, the home must learn of the end of the session. */
  asked = 0
  /** The home has let the session in. It stays so while the home is being replaced and there is no topic. */
  isIn = false

  constructor(session: Session, id: T) {
    super(session)
    this.id = id
  }

  override wrote(msgid: number, endsAt: number): void {
    const session = this.subscriber as Session
    const isRoom = session.rooms?.get(this.id as Id as Rid) === (this as Membership)
    const scope = isRoom ? StoredScope.ROOM : StoredScope.GROUP
    wroteStored(session, { scope, of: this.id as Id as Rid | Gid, upTo: msgid, endsAt })
  }
}

const idOf = ({ id }: { readonly id: Id }) => id

/** The rooms or groups of one session. Most sessions have one or two: a map for each would be half of their memory. */
export class Memberships<T extends Id = Id> extends SmallMap<T, Membership<T>> {
  constructor() {
    super(idOf as unknown as (membership: Membership<T>) => T)
  }
}
