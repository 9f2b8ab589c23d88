import t from 'tap'
import { Fate } from '#dist/protocol/fate.js'
import { Backlog } from '#dist/transport/backlog.js'
import { TurnedClock } from '../support/turned-clock.js'

const MAX = 1000
const FILL = 100

/** A socket whose client reads when the test says so. */
function stalled() {
  const clock = new TurnedClock()
  const soon: (() => void)[] = []
  clock.soon = run => {
    soon.push(run)
  }
  const socket = { bytesWaiting: 0, closed: 0, tooSlow: () => socket.closed++ }
  const backlog = new Backlog({ clock, writerBytesMax: MAX }, socket)
  const write = (bytes: number, mayDrop: boolean): Fate => {
    if (backlog.concerns(bytes)) {
      const fate = backlog.judge(bytes, mayDrop)
      if (fate !== Fate.TAKEN) return fate
    }
    socket.bytesWaiting += bytes
    backlog.wrote(socket.bytesWaiting, bytes, mayDrop)
    return Fate.TAKEN
  }
  const fill = (bytes: number, mayDrop: boolean) => {
    for (let at = 0; at < bytes; at += FILL) write(FILL, mayDrop)
  }
  const isClosed = () => {
    for (const run of soon.splice(0)) run()
    return socket.closed > 0
  }
  return { clock, socket, write, fill, isClosed }
}

t.test('a burst is not slowness: who has read within a second goes on', async t => {
  for (const mayDrop of [false, true]) {
    const { clock, socket, write, fill, isClosed } = stalled()
    fill(5 * MAX, mayDrop)
    clock.turn(900)
    socket.bytesWaiting = MAX
    clock.turn(200)
    t.equal(write(FILL, mayDrop), Fate.TAKEN)
    t.notOk(isClosed())
  }
})

t.test('who is behind for a second is closed, where nothing may be dropped', async t => {
  const { clock, fill, isClosed } = stalled()
  fill(MAX, false)
  clock.turn(2000)
  t.notOk(isClosed(), 'so much may wait')
  fill(FILL, false)
  clock.turn(999)
  t.notOk(isClosed())
  clock.turn(1)
  t.ok(isClosed())
})

t.test('more than eight times of it ends the client at once, and is not written', async t => {
  const { socket, write, fill, isClosed } = stalled()
  fill(8 * MAX, false)
  t.notOk(isClosed())
  t.equal(write(FILL, false), Fate.TAKEN, 'what a socket took cannot be taken back')
  t.ok(isClosed())
  t.equal(write(FILL, false), Fate.SLOW)
  t.equal(socket.bytesWaiting, 8 * MAX + FILL)
  t.equal(socket.closed, 1, 'told once')
})

t.test('who misses messages rather than being closed misses them until it has read nearly all', async t => {
  const { clock, socket, write, fill, isClosed } = stalled()
  fill(3 * MAX, true)
  clock.turn(1000)
  t.equal(write(FILL, true), Fate.BEHIND)
  t.equal(write(FILL, false), Fate.TAKEN, 'an ack is written')
  socket.bytesWaiting = MAX / 2
  t.equal(write(FILL, true), Fate.BEHIND, 'it has begun to read')
  socket.bytesWaiting = MAX / 4
  t.equal(write(FILL, true), Fate.TAKEN, 'it has read')
  t.notOk(isClosed())
})

t.test('what may be dropped never closes a client, however much comes at once', async t => {
  const { clock, socket, write, isClosed } = stalled()
  let dropped = 0
  for (let count = 0; count < 200; count++) if (write(FILL, true) === Fate.BEHIND) dropped++
  t.equal(dropped, 120)
  clock.turn(5000)
  t.equal(write(FILL, true), Fate.BEHIND)
  t.notOk(isClosed())
  t.equal(socket.bytesWaiting, 8 * MAX)
})

t.test('who falls behind with what may not be dropped is closed, whatever else waits', async t => {
  const { clock, fill, isClosed } = stalled()
  fill(2 * MAX, true)
  clock.turn(1000)
  fill(MAX, false)
  clock.turn(3000)
  t.notOk(isClosed(), 'so much of it may wait')
  fill(FILL, false)
  clock.turn(999)
  t.notOk(isClosed())
  clock.turn(1)
  t.ok(isClosed())
})

t.test('acks that a slow reader has read in between do not count', async t => {
  const { clock, socket, write, isClosed } = stalled()
  let [taken, dropped] = [0, 0]
  // It reads less than comes, and never all. Of a hundred bytes that come ten are of acks.
  for (let second = 0; second < 200; second++) {
    for (let count = 0; count < 30; count++) {
      if (write(90, true) === Fate.TAKEN) taken++
      else dropped++
      write(10, false)
    }
    clock.turn(1000)
    socket.bytesWaiting = Math.max(10, socket.bytesWaiting - MAX)
  }
  t.ok(taken > 0 && dropped > 0)
  t.notOk(isClosed())
})
