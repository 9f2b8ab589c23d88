import t from 'tap'
import { StoredScope } from '#dist/contract/stored.js'
import { StoredMarks } from '#dist/session/stored-marks.js'
import type { Gid } from '#dist/util/id.js'

const mark = { scope: StoredScope.GROUP, of: 3 as unknown as Gid, upTo: 7, endsAt: Date.now() + 60_000 }

t.test('what waits in the socket of a slow client is not sent to it again', t => {
  const marks = new StoredMarks()
  const client = { heard: 1, dropped: 0, connection: { bytesWaiting: 100 } }
  marks.gathered(mark)
  marks.flushed(client)
  t.ok(marks.has(mark), 'it will have it')
  t.notOk(marks.has({ ...mark, upTo: 8 }), 'what comes next it lacks')
  t.strictSame(marks.had(2), [], 'on another connection it would lack it')
  client.connection.bytesWaiting = 0
  marks.settle({ ...client, heard: 2 })
  t.ok(marks.has(mark))
  t.strictSame(marks.had(3), [mark], 'it said something after it had read all')
  t.end()
})
