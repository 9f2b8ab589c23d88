// The yardstick: a bare uWebSockets.js server. Whoever connects is a member of the one room; every message is published
// unchanged to all of them. No sign-in, no order, no ACK, no decoding: the least that a fan-out server can do.

import uWS from 'uWebSockets.js'
import process from 'node:process'

const ROOM = 'room'
const MIB = 1024 * 1024
const port = Number(process.argv[2] ?? process.env.PORT ?? 0)

const app = uWS.App()
app.ws('/im/ws', {
  maxPayloadLength: MIB,
  maxBackpressure: 64 * MIB, // high enough that nothing is dropped: dropping would look like speed
  idleTimeout: 120,
  open: ws => ws.subscribe(ROOM),
  message: (_ws, message, isBinary) => app.publish(ROOM, message, isBinary),
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
