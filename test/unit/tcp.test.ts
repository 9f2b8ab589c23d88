import { createReuseportFd } from 'node-unix-socket'
import t from 'tap'
import { serveTcp, type TcpServices } from '#dist/transport/tcp.js'

t.test('connections that cannot be accepted do not end the worker', async t => {
  const server = await serveTcp(createReuseportFd(0, '127.0.0.1'), {} as TcpServices<object>)
  t.teardown(() => server.close())
  // As Node tells that the system has no memory or files left.
  for (let attempt = 0; attempt < 3; attempt++) server.emit('error', new Error('accept ENFILE'))
  t.ok(server.listening)
})
