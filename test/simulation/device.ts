import type { Endpoint } from './endpoint.js'

/** One registered device of a user, over all its connections. */
export class Device {
  readonly uid: number
  readonly sid: number
  readonly token: string
  readonly endpoints: Endpoint[] = []

  constructor(uid: number, sid: number, token: string) {
    this.uid = uid
    this.sid = sid
    this.token = token
  }

  /** The connection that the device itself uses: the last that it made. */
  get current(): Endpoint | undefined {
    const last = this.endpoints.at(-1)
    return last?.isAlive === true ? last : undefined
  }

  get online(): Endpoint | undefined {
    return this.endpoints.find(endpoint => endpoint.isAlive && endpoint.state === 'online')
  }

  /** Whether it ever got this, over whichever connection, or the gateway could not know better (`expire` in docs/http.md). */
  had(text: string): boolean {
    return this.endpoints.some(endpoint => endpoint.texts.has(text) || endpoint.isTakenToHave(text))
  }
}
