// The yardstick: a bare uWebSockets.js server. Whoever connects is a member of the rooms in its address; every message is
// published unchanged to all of them. No sign-in, no order, no ACK, no decoding: the least that a fan-out server can do.
//
//   ?room=ID               every message goes to that room, whatever it says
//   ?room=ID,ID,...        every message goes to the room that it names
//   ?room=UID&private=1    every message goes to the user that it names
//   POST /im/push?...      the body is read and answered, and that is all

import uWS from 'uWebSockets.js'
import process from 'node:process'

const MIB = 1024 * 1024
const port = Number(process.argv[2] ?? process.env.PORT ?? 0)

// The target is the first field of the frame's map: 12 bytes of header, the map's type byte, the name and its type byte.
const RID_AT = 12 + 1 + 1 + 'rid'.length
const DUID_AT = 12 + 1 + 1 + 'duid'.length

// As long as the reply of imgate, in body and headers.
const PUSH_REPLY = JSON.stringify({ rid: 1000000, msgid: 123456, total: 1, code: 0, errmsg: 'OK' })

/** The MessagePack integer at an offset, as text. */
function integerAt(message, offset) {
  const bytes = new DataView(message)
  const type = bytes.getUint8(offset)
  if (type < 0x80) return String(type)
  switch (type) {
    case 0xcc:
      return String(bytes.getUint8(offset + 1))
    case 0xcd:
      return String(bytes.getUint16(offset + 1))
    case 0xce:
      return String(bytes.getUint32(offset + 1))
    default:
      return String(bytes.getBigUint64(offset + 1))
  }
}

const app = uWS.App()
app.ws('/im/ws', {
  maxPayloadLength: MIB,
  maxBackpressure: 64 * MIB, // high enough that nothing is dropped: dropping would look like speed
  idleTimeout: 120,
  upgrade: (response, request, context) => {
    const [key, protocol, extensions] = ['key', 'protocol', 'extensions'].map(name =>
      request.getHeader(`sec-websocket-${name}`),
    )
    const room = request.getQuery('room') ?? ''
    const rooms = room.split(',')
    // Where in a message its target stands; undefined: it is always the one room.
    const targetAt = request.getQuery('private') ? DUID_AT : rooms.length > 1 ? RID_AT : undefined
    response.upgrade({ room, rooms, targetAt }, key, protocol, extensions, context)
  },
  open: ws => {
    for (const room of ws.getUserData().rooms) ws.subscribe(room)
  },
  message: (ws, message, isBinary) => {
    const { room, targetAt } = ws.getUserData()
    app.publish(targetAt === undefined ? room : integerAt(message, targetAt), message, isBinary)
  },
})

app.post('/im/push', response => {
  let isAborted = false
  response.onAborted(() => {
    isAborted = true
  })
  response.onData((_chunk, isLast) => {
    if (!isLast || isAborted) return
    response.cork(() => {
      response.writeHeader('content-type', 'application/json; charset=utf-8')
      response.writeHeader('cache-control', 'no-store')
      response.end(PUSH_REPLY)
    })
  })
})

app.listen('127.0.0.1', port, socket => {
  if (!socket) {
    console.error(`cannot listen on port ${port}`)
    process.exit(1)
  }
  console.log(`listening ${uWS.us_socket_local_port(socket)} pid ${process.pid}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    app.close()
    process.exit(0)
  })
}
