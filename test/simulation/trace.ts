import { commandName } from '#dist/protocol/command.js'
import type { ModelConnection, SocketEvent } from './connection.js'
import type { ModelWorker } from './worker.js'
import type { World } from './world.js'

/** What happened, step by step: as text when somebody wants to read it, else only as a number that two equal runs share. */
export class Trace {
  readonly lines: string[] = []
  /** FNV-1a over all that was noted. */
  hash = 0x811c9dc5
  readonly #isKept: boolean
  world: World | undefined

  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  /** @param text made only when it is kept */
  note(code: number, text: () => string): void {
    this.#mix(code)
    if (this.#isKept) this.#keep(text())
  }

  step(worker: ModelWorker, kind: string, connection: ModelConnection | undefined): void {
    this.#mix(worker.index * 31 + kind.charCodeAt(0) * 7 + kind.length)
    this.#mix(Math.floor((this.world?.time.now ?? 0) * 100))
    if (!this.#isKept) return
    const event = connection?.events[0]
    const what = event === undefined ? mainSays(worker, kind) : ` ${String(connection?.client)} ${described(event)}`
    // Turns are most of all steps and say nothing.
    if (kind === 'socket' || kind === 'main') this.#keep(`worker ${worker.index} hears${what}`)
  }

  #keep(text: string): void {
    this.lines.push(`${(this.world?.time.now ?? 0).toFixed(2).padStart(9)}  ${text}`)
  }

  #mix(code: number): void {
    this.hash = Math.imul(this.hash ^ code, 0x01000193) >>> 0
  }
}

function mainSays(worker: ModelWorker, kind: string): string {
  if (kind !== 'main') return ''
  const message = worker.inbox[0]!
  return ` ${message.type}${'worker' in message ? ` ${message.worker}` : ''}`
}

function described(event: SocketEvent): string {
  if (event === 'opened' || event === 'closed') return event
  if (typeof event === 'string') return event
  return `${commandName(event.readUInt16BE(4))} ${event.readUInt32BE(8)}`
}
