import { type Answer, isRefused, type Refused } from '../contract/answer.ts'
import { StoredScope } from '../contract/stored.ts'
import { Command } from '../protocol/command.ts'
import { Disconnect } from '../protocol/disconnect.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { SessionContext } from '../session/context.ts'
import {
  admitted,
  askedFor,
  type IdOf,
  isGivenUp,
  type Kind,
  membershipsOf,
  notAdmitted,
} from '../session/membership.ts'
import { type Session, SessionState } from '../session/session.ts'
import { noticeFrame } from '../shard/frames.ts'
import type { Gid, Rid } from '../util/id.ts'

/** What the client hears in place of what the home could not say, by why it is not let in again. */
const outOf = new Map<number, Command>([
  [ErrorCode.BLACKLISTED.code, Command.ROOM_KICK_NTF],
  [ErrorCode.CLOSED.code, Command.ROOM_DISMISS_NTF],
])

/** A call to a home that answers BUSY is retried after this. */
const AGAIN_MS = 250

/** A worker ended. Its topic numbers are void: those of its successor must not be mistaken for them. */
export function forgetTopicsOf(context: SessionContext, worker: number): void {
  for (const session of context.hub.sessions) {
    for (const kind of ['rooms', 'groups'] as const) {
      for (const membership of membershipsOf(session, kind) ?? []) {
        if (context.placement.homeOf(membership.id) === worker) context.fanout.leave(membership)
      }
    }
  }
}

/**
 * A worker was replaced, and its homes start empty. Tells the new worker which users, room members and group members of
 * its homes are sessions here, so that messages reach them again. Clients notice only a pause.
 */
export function resyncWith(context: SessionContext, worker: number): void {
  const { placement } = context
  for (const session of context.hub.sessions) {
    if (session.state !== SessionState.ONLINE && session.state !== SessionState.SIGNING_IN) continue
    if (placement.homeOf(session.uid) === worker) comeOnline(context, session)
    for (const kind of ['rooms', 'groups'] as const) {
      for (const { id, isIn } of membershipsOf(session, kind) ?? []) {
        // Who only asked to be let in hears BUSY.
        if (isIn && placement.homeOf(id) === worker) comeBack(context, session, kind, id as Rid & Gid)
      }
    }
  }
}

/** The user's new home learns of the session, and says whether a newer connection of its sid has come before. */
function comeOnline(context: SessionContext, session: Session): void {
  const { calls, placement, hub, clock } = context
  const { uid, sid, cid, at, app, version } = session
  const had = session.stored?.upTo(StoredScope.USER, uid) ?? 0
  const args = { uid, sid, cid, at, app, version, had, isBack: true } as const
  calls.request(placement.homeOf(uid), 'userOnline', args, answer => {
    if (session.state !== SessionState.ONLINE && session.state !== SessionState.SIGNING_IN) return
    // A group that let the user in while his home was away could not reach his sessions.
    if (!isRefused(answer)) enterGroups(context, session, answer.gids)
    else if (answer.refused === ErrorCode.REPLACED.code) hub.kick(session, Disconnect.REPLACED)
    else clock.after(AGAIN_MS, () => comeOnline(context, session))
  })
}

/** Asks to be let into the groups that the session should be in and is not. */
export function enterGroups(context: SessionContext, session: Session, gids: readonly Gid[]): void {
  if (session.state !== SessionState.ONLINE) return
  for (const gid of gids) if (session.groups?.get(gid) === undefined) comeBack(context, session, 'groups', gid)
}

function comeBack<K extends Kind>(context: SessionContext, session: Session, kind: K, id: IdOf<K>): void {
  const membership = askedFor(session, kind, id)
  const again = () => {
    if (isGivenUp(session, kind, membership) || membership.topic !== undefined) return
    comeBack(context, session, kind, id)
  }
  letIn(context, session, kind, id, answer => {
    if (!isRefused(answer)) admitted(context, session, kind, membership, answer.topic)
    else if (answer.refused === ErrorCode.BUSY.code) {
      membership.asked--
      context.clock.after(AGAIN_MS, again)
    } else {
      notAdmitted(context, session, kind, membership, answer)
      if (kind === 'rooms' && !membership.isIn) tellOut(context, session, id as Rid, answer)
    }
  })
}

/** What has put the user out of the room is on the disk; its home ended before it could say so. */
function tellOut({ hub }: SessionContext, session: Session, rid: Rid, { refused }: Refused): void {
  const command = outOf.get(refused)
  if (command !== undefined) hub.send(session, noticeFrame(command, { uid: session.uid, rid }))
}

function letIn<K extends Kind>(
  { calls, placement }: SessionContext,
  session: Session,
  kind: K,
  id: IdOf<K>,
  onAnswer: (answer: Answer<{ topic: number }>) => void,
): void {
  const home = placement.homeOf(id)
  const { uid, sid, cid, at, connection } = session
  // What it was sent while its home was being replaced, it lacks.
  const had = session.stored?.upTo(kind === 'groups' ? StoredScope.GROUP : StoredScope.ROOM, id) ?? 0
  const known = { uid, sid, cid, at, had, isBack: true } as const
  if (kind === 'groups') calls.request(home, 'groupAttach', { ...known, gid: id as Gid }, onAnswer)
  else calls.request(home, 'roomJoin', { ...known, rid: id as Rid, listener: connection.listener }, onAnswer)
}
