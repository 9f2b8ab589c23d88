import type { Invariant } from './violations.js'

/** A piece of the compiled product: it must be there exactly once. */
export interface Cut {
  /** In dist/. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** What once was wrong and is cured, and how the cure is taken out again. */
export interface Cure {
  /** Its name: for those of an issue, the place there. */
  readonly fault: string
  readonly what: string
  readonly cuts: readonly Cut[]
  /** What is violated without it, one of these. */
  readonly invariants: readonly Invariant[]
}

const cut = (file: string, from: string, to: string): Cut => ({ file, from, to })

/**
 * All cures that the simulation must miss within a minute once they are taken out (`npm run simulate:cures`). Whoever cures
 * something that a schedule can bring about adds a row; `npm test` sees to it that each cut still fits the code.
 */
export const cures: readonly Cure[] = [
  {
    fault: 'B.1 late',
    what: 'GROUP-JOIN is answered with 0 though the home of the user has not answered, and nobody asks it again',
    cuts: [cut('shard/group/sessions.js', 'group.unattached.add(uid);\n            return false;', 'return true;')],
    invariants: ['group member', 'push delivered'],
  },
  {
    fault: 'B.1 replaced',
    what: 'a group is not told of the sessions that sign in while its home is replaced: the resync asks only once',
    cuts: [
      cut(
        'worker/resync.js',
        'membership.asked--;\n            context.clock.after(AGAIN_MS, again);',
        'membership.asked--;',
      ),
    ],
    invariants: ['group member', 'room member', 'push delivered'],
  },
  {
    fault: 'B.1 unreachable',
    what: 'a session of a worker that cannot be reached yet counts as told',
    cuts: [cut('shard/group/sessions.js', 'isRefused(sessions) || !sessions.every(isKnown)', 'isRefused(sessions)')],
    invariants: ['group member', 'push delivered'],
  },
  {
    fault: 'B.2 group',
    what: 'an answer that is used late puts the address of an older connection over that of a newer one',
    cuts: [cut('shard/group/group.js', 'session.next = this.online.get(sid);', '')],
    invariants: ['group member', 'push delivered', 'twice', 'chat delivered'],
  },
  {
    fault: 'B.3 calls',
    what: 'the numbers of calls begin anew with each worker: a late answer meets a stranger',
    cuts: [
      cut('worker/core.js', 'callNumbersOf(generation)', 'callNumbersOf(0)'),
      cut('contract/calls.js', 'if (this.#ends.get(from) === ends)', ''),
    ],
    invariants: ['defect', 'stranger', 'answered once', 'room member', 'group member', 'user online', 'signs in'],
  },
  {
    fault: 'B.3 connections',
    what: 'the numbers of connections begin anew with each worker: what is meant for one comes to another',
    cuts: [
      cut('worker/edge.js', 'numbersOf(core.generation)', 'numbersOf(0)'),
      // The later cures: the one stands on these numbers, the other saw to it that only the device itself is let in.
      cut('shard/group/sessions.js', 'isOfGeneration(cid, bus.generationOf(worker))', 'true'),
      cut('worker/session-calls.js', 'session?.sid === sid) {', 'session !== undefined) {'),
    ],
    invariants: ['stranger', 'newer wins', 'user online', 'room member', 'signs in', 'twice'],
  },
  // B.3, topics: no row, see docs/simulation.md.
  {
    fault: 'B.4',
    what: 'of two connections of a sid the one whose ONLINE is read later wins, not the one that was accepted later',
    cuts: [cut('shard/user/users.js', 'known !== undefined && known.at > at', 'false')],
    invariants: ['newer wins'],
  },
  {
    fault: 'B.5',
    what: 'what was merely written counts as had: a push with expire that a half-dead connection took is lost',
    cuts: [cut('fanout/watermark.js', 'heard > this.#heard ? this.written : this.#had', 'this.written')],
    invariants: ['push kept'],
  },
  {
    fault: 'B.6',
    what: 'a second device is announced in a room, and when it goes its user is said to have left',
    cuts: [
      cut('shard/room/sessions.js', 'this.#isLarge(room, coming) || room.hasUser(uid)', 'this.#isLarge(room, coming)'),
    ],
    invariants: ['notices'],
  },
  // B.7, an Idempotency-Key for another target: not simulated, see docs/simulation.md.
  {
    fault: 'B.8 silence',
    what: 'silence is measured by the wall clock: setting it forward closes everybody',
    cuts: [
      cut('worker/clients.js', 'session.seen(clock.now());', 'session.seen(clock.wall());'),
      cut(
        'session/hub.js',
        'connection, this.#clock.instant(), this.#clock.now()',
        'connection, this.#clock.instant(), this.#clock.wall()',
      ),
      cut('session/hub.js', 'this.#clock.now() - silentMaxMs', 'this.#clock.wall() - silentMaxMs'),
    ],
    invariants: ['clock set'],
  },
  {
    fault: 'B.8 statistics',
    what: 'a clock that is set forward fills buckets of times that never were',
    cuts: [cut('stats/sampler.js', 'last !== undefined && !isClockSet', 'last !== undefined')],
    invariants: ['clock set'],
  },
  {
    fault: 'B.8 newer',
    what: 'which connection is newer is told by the wall clock: set back, the older one wins',
    cuts: [cut('session/hub.js', 'connection, this.#clock.instant()', 'connection, this.#clock.wall() * 1000')],
    invariants: ['newer wins', 'signs in'],
  },
  {
    fault: 'busy join',
    what: 'a repeated ROOM-JOIN that is answered with BUSY takes the session out',
    cuts: [cut('session/membership.js', '|| (isBusy && membership.isIn))', ')')],
    invariants: ['busy undoes', 'room member'],
  },
  {
    fault: 'late quit',
    what: 'a ROOM-QUIT that its home answers too late, or does not know, is undone',
    cuts: [cut('session/handlers/room.js', 'membership?.isIn === true', 'false')],
    invariants: ['room member'],
  },
  {
    fault: 'early topic',
    what: 'what a topic writes does not wait for the ONLINE-ACK',
    cuts: [cut('session/session.js', 'if (!this.isSignedIn)', 'if (false)')],
    invariants: ['early frame'],
  },
  {
    fault: 'overtaken ack',
    what: 'what a topic holds overtakes what the session has gathered',
    cuts: [
      cut(
        'session/session.js',
        'this.flush();\n        return this.connection.write(payload, !this.speaksJson, mayDrop);',
        'return this.connection.write(payload, !this.speaksJson, mayDrop);',
      ),
    ],
    invariants: ['early frame'],
  },
  {
    fault: 'resync once',
    what: 'the new home of a user is told of his sessions once, and not asked until it answers',
    cuts: [cut('worker/resync.js', 'clock.after(AGAIN_MS, () => comeOnline(context, session));', ';')],
    invariants: ['user online', 'newer wins', 'push delivered'],
  },
  {
    fault: 'lost inside',
    what: 'what the topics of a worker held back when it was lost is not counted',
    cuts: [cut('worker/lost.js', "row.add('dropped_lost_worker', Math.max(0, offered - settled));", ';')],
    invariants: ['conservation'],
  },
  {
    fault: 'missed counts as had',
    what: 'a stored push that a client missed, because it was behind, counts as had once it gets the next one',
    cuts: [cut('session/stored-marks.js', 'if (client.dropped > 0)\n            return;', '')],
    invariants: ['push kept'],
  },
]
