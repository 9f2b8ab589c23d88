// The peer `ws` (npm): whoever connects is a member of the rooms in its address, every message goes to all of them in a loop:
// of the one room, or of the room that the message names. Run as a program.
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

// The room is the first field of the frame's map: 12 bytes of header, the map's type byte, the name and its type byte.
const RID_AT = 12 + 1 + 1 + 'rid'.length
const BYTES_OF_TYPE = { 204: 1, 205: 2, 206: 4 }

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), perMessageDeflate: false })
const rooms = new Map()

function roomOf(name) {
  if (!rooms.has(name)) rooms.set(name, new Set())
  return rooms.get(name)
}

/** The MessagePack integer at an offset, as text. */
function integerAt(data, offset) {
  const type = data[offset]
  if (type < 0x80) return String(type)
  if (type === 0xcf) return String(data.readBigUInt64BE(offset + 1))
  return String(data.readUIntBE(offset + 1, BYTES_OF_TYPE[type]))
}

server.on('connection', (socket, request) => {
  const names = new URL(request.url, 'http://localhost').searchParams.get('room').split(',')
  const own = names.map(roomOf)
  for (const room of own) room.add(socket)
  socket.on('close', () => {
    for (const room of own) room.delete(socket)
  })
  socket.on('error', error => console.error(error.message))
  socket.on('message', (data, isBinary) => {
    for (const member of own.length === 1 ? own[0] : roomOf(integerAt(data, RID_AT))) {
      if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary })
    }
  })
})
server.on('listening', () => console.log(`listening ${server.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
