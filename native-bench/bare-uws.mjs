// The yardstick: a bare uWebSockets.js server. Whoever connects is a member of the room in its address; every message is
// published unchanged to all of them. No sign-in, no order, no ACK, no decoding: the least that a fan-out server can do.

import uWS from 'uWebSockets.js'
import process from 'node:process'

const MIB = 1024 * 1024
const port = Number(process.argv[2] ?? process.env.PORT ?? 0)

const app = uWS.App()
app.ws('/im/ws', {
  maxPayloadLength: MIB,
  maxBackpressure: 64 * MIB, // high enough that nothing is dropped: dropping would look like speed
  idleTimeout: 120,
  upgrade: (response, request, context) => {
    const [key, protocol, extensions] = ['key', 'protocol', 'extensions'].map(name =>
      request.getHeader(`sec-websocket-${name}`),
    )
    response.upgrade({ room: request.getQuery('room') ?? '' }, key, protocol, extensions, context)
  },
  open: ws => ws.subscribe(ws.getUserData().room),
  message: (ws, message, isBinary) => app.publish(ws.getUserData().room, message, isBinary),
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
