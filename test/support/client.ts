import type { Body } from './body.js'
import { encodeBinary, encodeJson } from './codec.js'
import { ackOf, type CommandName } from './commands.js'
import { describe, withDeadline } from './deadline.js'
import { type Arrival, type Format, Inbox } from './inbox.js'

export const TRANSPORTS = ['ws-binary', 'ws-json', 'tcp'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** How a connection ended. TCP has no close code. */
export interface Close {
  readonly code: number | undefined
  readonly reason: string
}

/** What a client needs of its socket. */
export interface Link {
  send(bytes: Uint8Array | string): void
  /** Ends the connection in the polite way. */
  close(): void
  /** Cuts the connection, as a crash would. */
  destroy(): void
  /** Stops and resumes reading, as a slow reader does. */
  pause(): void
  resume(): void
}

/** A device's connection, the same for every transport. All waits end after 10 s with what had arrived. */
export class Client {
  readonly transport: Transport
  readonly format: Format
  readonly inbox = new Inbox()
  readonly #link: Link
  readonly #closed: Promise<Close>
  #seq = 0

  constructor(transport: Transport, connect: (inbox: Inbox) => { link: Link; closed: Promise<Close> }) {
    this.transport = transport
    this.format = transport === 'ws-json' ? 'json' : 'binary'
    const { link, closed } = connect(this.inbox)
    this.#link = link
    this.#closed = closed.then(close => {
      this.inbox.end(`${transport} connection closed (${close.code ?? 'no code'} ${close.reason})`)
      return close
    })
  }

  get closed(): Promise<Close> {
    return withDeadline(this.#closed, () => `the end of the ${this.transport} connection`)
  }

  encode(cmd: CommandName, body: object, seq: number): Uint8Array | string {
    return this.format === 'json' ? encodeJson(cmd, seq, body) : encodeBinary(cmd, seq, body)
  }

  /** Sends and does not wait. @returns the seq it was sent with */
  send(cmd: CommandName, body: object = {}): number {
    this.#seq += 1
    this.#link.send(this.encode(cmd, body, this.#seq))
    return this.#seq
  }

  sendRaw(bytes: Uint8Array | string): void {
    this.#link.send(bytes)
  }

  /** Whatever answers this seq. */
  answerTo(seq: number | string | undefined, what = 'an answer'): Promise<Arrival> {
    return this.inbox.take(arrival => arrival.seq === seq, `${what} with seq ${seq}`)
  }

  /** Sends a command and waits for whatever answers it, ERROR included. */
  answer(cmd: CommandName, body: object = {}): Promise<Arrival> {
    return this.answerTo(this.send(cmd, body), `the answer to ${cmd}`)
  }

  /** Sends a request and waits for its ACK. */
  async request(cmd: CommandName, body: object = {}): Promise<Body> {
    const answer = await this.answer(cmd, body)
    if (answer.cmd !== ackOf(cmd)) throw new Error(`${cmd} was answered by ${answer.cmd} ${describe(answer.body)}`)
    this.#checkFormat(answer)
    return answer.body
  }

  /** The next frame of that command which nobody has taken yet; what already arrived counts. */
  async next(cmd: CommandName, matches: (body: Body) => boolean = () => true): Promise<Body> {
    const arrival = await this.inbox.take(frame => frame.cmd === cmd && matches(frame.body), cmd)
    this.#checkFormat(arrival)
    return arrival.body
  }

  /** All that has arrived of one command, taken or not. */
  received(cmd: CommandName): Body[] {
    return this.inbox.arrivals.filter(arrival => arrival.cmd === cmd).map(arrival => arrival.body)
  }

  close(): void {
    this.#link.close()
  }

  destroy(): void {
    this.#link.destroy()
  }

  pause(): void {
    this.#link.pause()
  }

  resume(): void {
    this.#link.resume()
  }

  #checkFormat(arrival: Arrival): void {
    if (arrival.format !== this.format) throw new Error(`${arrival.cmd} came as ${arrival.format} to ${this.transport}`)
  }
}
