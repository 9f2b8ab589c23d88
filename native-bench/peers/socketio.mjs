// The peer `socket.io` (npm): WebSocket transport only, rooms by its in-memory adapter. Run as a program.
import { createServer } from 'node:http'
import process from 'node:process'
import { Server } from 'socket.io'

const http = createServer()
// Long polling and its upgrade are off: the other servers do not pay for them either.
const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false })

io.on('connection', socket => {
  const { room } = socket.handshake.query
  socket.join(room)
  socket.on('m', text => io.to(room).emit('m', text))
})
http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(`listening ${http.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
