import type { OnBusRecord } from '../bus/bus.ts'
import {
  type ChatScope,
  emptyChat,
  RecordKind,
  readChat,
  readDeliver,
  readFanout,
  readStoredDeliver,
  readStoredFanout,
} from '../contract/records.ts'
import { topicKey } from '../contract/topics.ts'
import type { DataKind } from '../protocol/json-format.ts'
import type { SessionContext } from '../session/context.ts'
import type { Forum, Posting } from '../shard/posting.ts'
import type { Part } from './part.ts'

/** Passes each record from the rings to the code that handles its kind. */
export function receiver(
  { calls, catchUp, fanout, hub }: SessionContext,
  posting: Posting,
  parts: readonly Part[],
): OnBusRecord {
  const forums = Object.assign({}, ...parts.map(part => part.forums)) as Record<ChatScope, Forum>
  const chat = emptyChat()
  return (from, kind, block, at, end) => {
    switch (kind) {
      case RecordKind.CHAT:
        readChat(block, at, end, chat)
        posting.chat(forums[chat.scope], chat, from)
        return
      case RecordKind.FANOUT: {
        const { topic, dataKind, frameAt } = readFanout(block, at)
        fanout.publish(topicKey(from, topic), block, frameAt, end, dataKind as DataKind)
        return
      }
      case RecordKind.DELIVER: {
        const { cid, dataKind, frameAt } = readDeliver(block, at)
        const session = hub.get(cid)
        if (session === undefined) hub.nobody()
        else hub.deliver(session, Buffer.from(block.subarray(frameAt, end)), dataKind as DataKind)
        return
      }
      case RecordKind.STORED_FANOUT: {
        const { topic, stored, dataKind, frameAt } = readStoredFanout(block, at)
        const frame = block.subarray(frameAt, end)
        fanout.publishStored(topicKey(from, topic), frame, dataKind as DataKind, stored.msgid, stored.endsAt)
        return
      }
      case RecordKind.STORED_DELIVER: {
        const { cid, mark, dataKind, frameAt } = readStoredDeliver(block, at)
        const session = hub.get(cid)
        if (session !== undefined) catchUp.take(session, mark, dataKind as DataKind, block.subarray(frameAt, end))
        return
      }
      case RecordKind.CALL:
      case RecordKind.CALL_HERE:
        calls.onCall(from, block, at, end, kind === RecordKind.CALL_HERE)
        return
      case RecordKind.REPLY:
      case RecordKind.REPLY_HERE:
        calls.onReply(block, at, end, kind === RecordKind.REPLY_HERE)
        return
      default:
        throw new Error(`a record of kind ${kind} from worker ${from}`)
    }
  }
}
