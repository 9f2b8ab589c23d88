import type { Bus } from '../bus/bus.ts'
import { type Answer, type Done, isRefused, refused } from '../contract/answer.ts'
import type { PushArgs, Pushed } from '../contract/methods.ts'
import { type ChatRecord, writeDeliver } from '../contract/records.ts'
import type { StoredOf, StoredScope } from '../contract/stored.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { DataKind } from '../protocol/json-format.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Gid, Rid, Sid } from '../util/id.ts'
import type { Numbers } from '../util/numbers.ts'
import { whenStored } from './context.ts'
import { type ChatCommand, chatAckFrame, chatFrame, type PushCommand, pushFrame } from './frames.ts'
import type { Line, Readers } from './line.ts'
import type { StoredPushes } from './stored-pushes.ts'

/** What rooms, groups and private chats do differently on the one way of a message. */
export interface Forum {
  readonly command: ChatCommand
  /** Step 1. @param from the worker that it came from @returns the line that the sender speaks in, or the code of the refusal */
  admit(chat: ChatRecord, from: number): Line | number
  /** The number of the sender's sub-group, for the ack of a refusal; 0: no sub-group. */
  subGroupOf(chat: ChatRecord): number
  /** Step 5. `frame` is valid during the call. */
  deliver(line: Line, chat: ChatRecord, frame: Buffer): void
  /** Step 6: it went out. */
  posted(chat: ChatRecord): void
}

/** Where a push goes. The caller has checked that it may. */
export interface PushTarget {
  readonly command: PushCommand
  readonly rid?: Rid
  readonly gid?: Gid
  readonly readers: Readers
  /** Where it is stored while it is valid, for sessions that come later. */
  readonly scope: StoredScope
  readonly of: StoredOf
  /** The one session meant. */
  readonly sid?: Sid | undefined
  readonly app?: string | undefined
  readonly version?: string | undefined
}

interface PostingServices {
  readonly bus: Bus
  readonly store: Store
  readonly clock: Clock
  readonly stored: StoredPushes
  readonly msgids: Numbers
  readonly log: { error(fields: object, text: string): void }
}

/**
 * The one way of a message, chat or push, at the home of its readers:
 *
 *   1 may this sender   2 is there room   3 number   4 [log]   5 deliver   6 [events]   7 ack
 *
 * Steps 4 and 6 are the place for the history of a line and for events to app servers; today step 4 stores pushes with
 * `expire`. Nothing waits between 2 and 5, so in a line numbers rise in the order in which messages go out.
 * Thread: the home's worker. A chat allocates nothing here.
 */
export class Posting {
  readonly #services: PostingServices
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #msgids: Numbers

  constructor(services: PostingServices) {
    this.#services = services
    this.#bus = services.bus
    this.#clock = services.clock
    this.#msgids = services.msgids
  }

  /** @param chat valid during the call @param from the worker of the sender's session */
  chat(forum: Forum, chat: ChatRecord, from: number): void {
    let code: number = ErrorCode.OK.code
    let msgid: number | undefined
    // 1. May this sender?
    const line = forum.admit(chat, from)
    if (typeof line === 'number') code = line
    // 2. Is there room?
    else if (line.isCongested(this.#bus)) code = ErrorCode.BUSY.code
    else {
      // 3. Its numbers.
      msgid = this.#msgids.next()
      if (msgid === undefined) code = ErrorCode.BUSY.code
      else {
        line.advance()
        const frame = chatFrame(forum.command, chat, line.subGroup, msgid, this.#clock.wall())
        // 4. The log of the line.
        // 5. To everybody present.
        forum.deliver(line, chat, frame)
        // 6. Counts, and later events.
        forum.posted(chat)
      }
    }
    // 7. The ack.
    const subGroup = typeof line === 'number' ? forum.subGroupOf(chat) : line.subGroup
    const ack = chatAckFrame(forum.command, chat, subGroup, code, msgid ?? 0)
    writeDeliver(this.#bus, from, chat.cid, DataKind.BYTES, ack)
  }

  /** @returns the answer itself when it waits neither for the disk nor for other workers */
  push(target: PushTarget, { data, dataKind, expire }: PushArgs): Answer<Pushed> | Promise<Answer<Pushed>> {
    const { readers, scope, of } = target
    // 2. Is there room? (The caller has done step 1: pushes ignore gags, but not a closed room or group.)
    if (readers.isCongested(this.#bus)) return refused('BUSY')
    const full = expire > 0 ? this.#services.stored.mayAdd(scope, of, data.length) : undefined
    if (full !== undefined) return full
    // 3. Its numbers.
    const msgid = this.#msgids.next()
    if (msgid === undefined) return refused('BUSY')
    readers.advance()
    const now = this.#clock.wall()
    const expiresAt = expire === 0 ? 0 : now + expire * 1000
    const frame = pushFrame(target, msgid, now, expire, data)
    // 4. The log: a push that stays valid is stored.
    if (expire > 0) {
      const { sid, app, version } = target
      this.#services.stored.add(scope, of, msgid, {
        expiresAt,
        dataKind,
        frame: Buffer.from(frame),
        ...(sid === undefined ? {} : { sid }),
        ...(app === undefined ? {} : { app }),
        ...(version === undefined ? {} : { version }),
      })
    }
    const { size } = readers
    // 5. To everybody present.
    const sent = readers.deliver(this.#bus, dataKind, frame, msgid, expiresAt)
    if (sent !== undefined) sent.catch(() => undefined)
    // 7. The ack, once it is on the disk and its number of sessions is known.
    if (expire === 0 && sent === undefined) return { msgid, total: size }
    return this.#pushed(target, msgid, expire > 0, sent ?? size)
  }

  async #pushed(
    { readers, scope, of }: PushTarget,
    msgid: number,
    isStored: boolean,
    sent: number | Promise<number>,
  ): Promise<Answer<Pushed>> {
    if (isStored) {
      // Who comes later does not get it either: it was refused.
      const undo = () => {
        this.#services.stored.remove(scope, of, msgid)
        readers.refused?.(msgid)
      }
      const answer = await whenStored<Done>(this.#services, {}, undo)
      if (isRefused(answer)) return answer
    }
    return { msgid, total: await sent }
  }
}
