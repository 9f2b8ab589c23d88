import { connect, type Socket } from 'node:net'
import { withDeadline } from './deadline.js'
import type { Gateway } from './gateway.js'

/** What came back on a connection until it ended, or until it had said enough. */
export interface RawAnswer {
  readonly text: string
  readonly isClosed: boolean
}

/** A connection on which a test writes HTTP by hand. */
export class RawHttp {
  readonly #socket: Socket
  readonly #headers: readonly string[]
  #text = ''
  #isClosed = false
  #onChange: () => void = () => undefined

  constructor({ http, key }: Pick<Gateway, 'http' | 'key'>) {
    this.#headers = [`Host: ${http}`, ...(key === undefined ? [] : [`X-API-Key: ${key}`])]
    const [host, port] = http.split(':')
    this.#socket = connect({ host: host!, port: Number(port), noDelay: true })
    this.#socket.on('data', data => {
      this.#text += data.toString('latin1')
      this.#onChange()
    })
    // The end follows.
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#onChange()
    })
  }

  /** The head of a request, with Host and the API key. */
  head(...lines: string[]): string {
    const [first, ...headers] = lines
    return [first, ...this.#headers, ...headers, '', ''].join('\r\n')
  }

  /** Resolves when it was handed to the kernel. */
  send(bytes: string | Buffer): Promise<void> {
    return new Promise(resolve => {
      this.#socket.write(bytes, () => resolve())
    })
  }

  /** Waits until what came is enough, or the connection has ended. */
  async until(isEnough: (text: string) => boolean): Promise<RawAnswer> {
    const waiting = new Promise<void>(resolve => {
      this.#onChange = () => {
        if (this.#isClosed || isEnough(this.#text)) resolve()
      }
      this.#onChange()
    })
    await withDeadline(waiting, () => `more than ${JSON.stringify(this.#text.slice(0, 1000))}`)
    return { text: this.#text, isClosed: this.#isClosed }
  }

  /** Waits until the gateway ends the connection. */
  closed(): Promise<RawAnswer> {
    return this.until(() => false)
  }

  /** No more will be said; the gateway may still answer. */
  destroy(): void {
    this.#socket.destroy()
  }
}

/** Sends each part as a segment of its own. */
export async function rawHttp(
  gateway: Gateway,
  make: (raw: RawHttp) => readonly (string | Buffer)[],
): Promise<RawHttp> {
  const raw = new RawHttp(gateway)
  for (const part of make(raw)) await raw.send(part)
  return raw
}
