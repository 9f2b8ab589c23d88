// The peer `nats-server`: core NATS, no JetStream, its own defaults.
import { startProgram } from '../run/program.mjs'

export const nats = {
  program: 'nats-server',
  packages: ['nats-server'],
  versionArgs: ['--version'],
  start: ({ program, cpus }) =>
    startProgram({ name: 'nats', program, cpus, args: ({ port }) => ['-a', '127.0.0.1', '-p', String(port)] }),
}
