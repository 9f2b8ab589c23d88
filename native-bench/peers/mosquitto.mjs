// The peer `mosquitto`: MQTT 3.1.1, QoS 0, nothing kept.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { startProgram } from '../run/program.mjs'

// The limits of queues are off: what is dropped for a slow reader would look like speed.
const config = port => `
listener ${port} 127.0.0.1
allow_anonymous true
persistence false
sys_interval 0
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
log_dest stderr
log_type error
${process.getuid() === 0 ? 'user root' : ''}
`

export const mosquitto = {
  program: 'mosquitto',
  packages: ['mosquitto'],
  versionArgs: ['-h'],
  start: ({ program, cpus }) =>
    startProgram({
      name: 'mosquitto',
      program,
      cpus,
      args: async ({ port, directory }) => {
        const file = join(directory, 'mosquitto.conf')
        await writeFile(file, config(port))
        return ['-c', file]
      },
    }),
}
