import { StoredScope } from '../contract/stored.ts'
import { Place } from '../fanout/topic.ts'
import type { Session } from './session.ts'
import { wroteStored } from './stored-marks.ts'

/** The place of a signed-in session among all those of its app and version. */
export class Presence extends Place {
  override wrote(msgid: number, endsAt: number): void {
    wroteStored(this.subscriber as Session, { scope: StoredScope.ALL, of: 0, upTo: msgid, endsAt })
  }
}
