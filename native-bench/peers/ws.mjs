// The peer `ws` (npm): whoever connects is a member of the room in its address, every message goes to all of them in a loop.
// Run as a program.
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), perMessageDeflate: false })
const rooms = new Map()

function roomOf(request) {
  const name = new URL(request.url, 'http://localhost').searchParams.get('room')
  if (!rooms.has(name)) rooms.set(name, new Set())
  return rooms.get(name)
}

server.on('connection', (socket, request) => {
  const room = roomOf(request)
  room.add(socket)
  socket.on('close', () => room.delete(socket))
  socket.on('error', error => console.error(error.message))
  socket.on('message', (data, isBinary) => {
    for (const member of room) {
      if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary })
    }
  })
})
server.on('listening', () => console.log(`listening ${server.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
